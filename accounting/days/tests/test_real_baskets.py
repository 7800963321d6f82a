"""Real baskets through capture, flush and feed: closes equal what lies in the ledger, also after a rebuild."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import redis
from django.db import connection

from accounting.days.due import CONSUMER, close_due, look_again
from accounting.days.models import StoreClose
from accounting.days.tests.test_closing import check_chains, check_stores, nonzero, summed
from accounting.days.tests.trade import expected
from accounting.days.verification import verify
from ledger.blocks import Kind, unpack_body
from ledger.consumers import consumer_named
from ledger.feeding.models import Cursor
from ledger.feeding.rebuilding import rebuild
from ledger.feeding.running import feed_all
from ledger.flush import Flushed
from ledger.models import Block
from ledger.records import read
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.factories import make_store, make_terminals
from tests.tills import Till
from transactions.replay.baskets import Return, fill, template
from transactions.replay.source import Year, load_year

BASKETS = 400
# Two of these are another day than UTC's for a part of the day.
OFFSETS = (timezone(timedelta(hours=-5)), timezone(timedelta(hours=9)))
AGO = (timedelta(seconds=20), timedelta(minutes=20), timedelta(hours=20))


def sale(year: Year, till: Till, number: int, back: Return | None = None) -> bytes:
    """A basket's sale, or with `back` its refund."""
    till.sequence += 1
    issued = (datetime.now(UTC) - AGO[number % len(AGO)]).astimezone(OFFSETS[number % len(OFFSETS)])
    return fill(
        template(year, number * 37, back),
        terminal=till.number,
        sequence=till.sequence,
        issued_at=issued.isoformat(timespec="milliseconds").encode(),
        mode=b"offline" if number % 5 == 0 else b"online",
        kind=b"refund" if back else b"sale",
    )


def send(till: Till, sales: list[bytes]) -> list[str]:
    answers = till.send_batch(sales, token=till.gateway_token).json()["results"]
    assert {answer["status"] for answer in answers} == {201}
    return [answer["code"] for answer in answers]


def in_the_ledger() -> tuple[list[dict[str, Any]], set[int]]:
    """Every sale out of the blocks, and by id() those that came more than ten minutes after their issue."""
    found, late = [], set()
    for block in Block.objects.order_by("shard", "number"):
        for kind, content in unpack_body(bytes(block.body)):
            assert kind == Kind.RECORD
            record = read(content)
            took = datetime.fromisoformat(record.received_at) - datetime.fromisoformat(record.sale["issued_at"])
            if took > timedelta(minutes=10):
                late.add(id(record.sale))
            found.append(record.sale)
    return found, late


def tables() -> list[Any]:
    """What the fed tables hold, each as one digest."""
    found = []
    with connection.cursor() as cursor:
        for table in (model._meta.db_table for model in consumer_named(CONSUMER).tables):
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} AS t")
            found.append((table, cursor.fetchone()))
    return found


def test_closes_of_real_baskets_equal_the_ledger(ledger: redis.Redis, flush_everything: Callable[[], Flushed]) -> None:
    year = load_year()
    tills = [Till(terminal) for shard in (3, 40) for terminal in make_terminals(make_store(shard=shard), 2)]
    for half in range(2):
        for place, till in enumerate(tills):
            numbers = range(half * BASKETS // 2 + place, (half + 1) * BASKETS // 2, len(tills))
            codes = send(till, [sale(year, till, number) for number in numbers])
            # What is taken back must be in the ledger.
            flush_everything()
            back = list(zip(numbers, codes, strict=True))[::9]
            send(till, [sale(year, till, number, Return(code)) for number, code in back])
        flush_everything()
        assert feed_all(ALL_SHARDS, utc(now_ms()), [consumer_named(CONSUMER)]).stopped == {}
        # Two days on, everything is over. The second half comes when the first is closed, though by the clock of its
        # blocks it is in time: only a look through everything finds it.
        now = utc(now_ms()) + timedelta(days=2)
        Cursor.objects.filter(consumer=CONSUMER).update(complete_to=now)
        look_again()
        assert close_due(now) > 0
    assert StoreClose.objects.filter(part=2).exists()
    sales, late = in_the_ledger()
    check_contents(sales, late)
    check_chains()
    check_stores()
    before = tables()
    rebuild(consumer_named(CONSUMER), lambda done, total: None)
    assert tables() == before
    faults: list[str] = []
    assert verify(None, faults.append).closes == StoreClose.objects.count()
    assert faults == []


def check_contents(sales: list[dict[str, Any]], late: set[int]) -> None:
    """By terminal and day, all parts together."""
    parts: dict[tuple[date, int], list[str]] = {}
    for close in StoreClose.objects.prefetch_related("terminals"):
        for one in close.terminals.all():
            parts.setdefault((close.day, one.terminal), []).append(one.content)
    wanted = expected(sales, late)
    assert parts.keys() == wanted.keys()
    for key, texts in parts.items():
        found = summed(texts)
        assert nonzero(found.days) == nonzero(wanted[key].days)
        assert nonzero(found.taxes) == nonzero(wanted[key].taxes)
        assert nonzero(found.payments) == nonzero(wanted[key].payments)
