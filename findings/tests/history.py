"""Made-up histories of tills, through capture, flush and feed: only the clock is the test's."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from findings.consumers import CONSUMER
from ledger.consumers import consumer_named
from ledger.feeding.running import Fed, feed_all
from ledger.flush import flush_all
from possys.clock import now_ms, utc
from tests.factories import make_sale, make_store, make_terminals, sale_bytes
from tests.tills import Till
from transactions.answers import Accepted
from transactions.authentication import verify
from transactions.service import capture

SHARD = 7
MINUTE = timedelta(minutes=1)


def rounded_now() -> datetime:
    """This moment in whole minutes."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


@dataclass
class History:
    """Tills of one shard. `patch` sets the flush's clock; sales come through capture at the moment that is given."""

    patch: pytest.MonkeyPatch
    tills: list[Till] = field(default_factory=list)

    def till(self) -> Till:
        """One more till, in the store of the first."""
        store = self.tills[0].terminal.store if self.tills else make_store(shard=SHARD)
        self.tills.append(Till(make_terminals(store)[0]))
        return self.tills[-1]

    def take(self, till: Till, at: datetime, sales: Iterable[dict[str, Any] | bytes]) -> list[Any]:
        """Sends sales of a till at a moment; answers capture's answers."""
        raws = [sale if isinstance(sale, bytes) else sale_bytes(sale) for sale in sales]
        return capture().take(raws, verify(till.token), round(at.timestamp() * 1000))

    def sell(self, till: Till, sequence: int, at: datetime, *, issued: datetime | None = None, **changes: Any) -> None:
        """One sale, received at a moment and issued at the same, unless told otherwise."""
        sale = make_sale(
            terminal=till.number, sequence=sequence, issued_at=(issued or at).isoformat(timespec="seconds"), **changes
        )
        (answer,) = self.take(till, at, [sale])
        assert isinstance(answer, Accepted), answer

    def flush(self, at: datetime | None = None) -> None:
        """Seals what waits, at a moment."""
        moment_ms = now_ms() if at is None else round(at.timestamp() * 1000)
        self.patch.setattr("ledger.flush.now_ms", lambda: moment_ms)
        flush_all([SHARD])

    def feed(self, at: datetime | None = None) -> Fed:
        """Seals what waits, at a moment, and feeds it."""
        self.flush(at)
        fed = feed_all([SHARD], utc(now_ms()), [consumer_named(CONSUMER)])
        assert fed.stopped == {}
        return fed


def table_rows(*without: str) -> dict[str, list[str]]:
    """What the fed tables hold, row by row, without some columns."""
    found = {}
    with connection.cursor() as cursor:
        for model in consumer_named(CONSUMER).tables:
            table = model._meta.db_table
            cursor.execute(f"SELECT to_jsonb(t) - %s::text[] FROM {table} AS t", [list(without)])
            found[table] = sorted(row if isinstance(row, str) else json.dumps(row) for (row,) in cursor.fetchall())
    return found


def day(moment: datetime) -> date:
    """The day in UTC."""
    return moment.astimezone(UTC).date()
