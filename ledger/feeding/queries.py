"""How each consumer is doing: what it was fed, how far it is behind, where it is stopped."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ledger.consumers import all_consumers
from ledger.feeding.models import Cursor
from ledger.models import Block, Head, block_key
from ledger.shards import ALL_SHARDS, by_database, databases
from possys.clock import iso_utc, lasting

# A consumer takes a block a fraction of a second after it was sealed; a minute is no hiccup any more.
LATE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stop:
    """A shard in which a consumer does not go on: behind which block, why, since when, and when it was last tried."""

    shard: int
    block: int
    reason: str
    since: datetime | None
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One consumer over all shards.

    `behind_since` is when the oldest block that it lacks was sealed: None when it lacks none, and when that is not
    known because the block lies in the archive. `complete_to` is None until every shard has been looked at.
    """

    name: str
    is_declared: bool
    tables: tuple[str, ...]
    blocks: int
    sales: int
    behind_blocks: int
    behind_records: int
    behind_since: datetime | None
    complete_to: datetime | None
    stops: tuple[Stop, ...]

    def behind(self, now: datetime) -> timedelta | None:
        """How long the oldest block that it lacks has waited; None when that is not known."""
        if not self.behind_blocks:
            return timedelta(0)
        return None if self.behind_since is None else max(timedelta(0), now - self.behind_since)

    def is_late(self, now: datetime) -> bool:
        """Whether somebody should look why it does not keep up."""
        behind = self.behind(now)
        return behind is None or behind > LATE_AFTER

    def line(self, now: datetime) -> str:
        """How it is, in a line."""
        if not self.is_declared:
            return "its code is not installed here, so nothing is fed to it"
        complete = "not known yet" if self.complete_to is None else f"{self.complete_to:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.sales:,} sales fed, behind: {self.lag(now)}, complete up to: {complete}"

    def lag(self, now: datetime) -> str:
        """How far it is behind, in words."""
        if not self.behind_blocks:
            return "nothing"
        behind = self.behind(now)
        since = "blocks from the archive among them" if behind is None else lasting(behind)
        return f"{self.behind_blocks:,} blocks, {self.behind_records:,} records, {since}"

    def as_json(self, now: datetime) -> dict[str, object]:
        """For `manage.py health --json` and whoever watches; `behind_s` is null when it is not known."""
        behind = self.behind(now)
        return {
            "declared": self.is_declared,
            "blocks": self.blocks,
            "sales": self.sales,
            "behind_blocks": self.behind_blocks,
            "behind_records": self.behind_records,
            "behind_s": None if behind is None else round(behind.total_seconds()),
            "complete_to": None if self.complete_to is None else iso_utc(int(self.complete_to.timestamp() * 1000)),
            "stopped": {str(stop.shard): stop.reason for stop in self.stops},
        }


class _Place(NamedTuple):
    """A consumer's place in a shard; without a cursor it stands at the beginning."""

    block: int
    sales: int
    complete_to: datetime | None
    stop: Stop | None


class _Next(NamedTuple):
    """A block that some consumer lacks first."""

    sealed_at: datetime
    epoch: int
    first_number: int


BEGINNING = _Place(0, 0, None, None)


def services() -> list[ServiceState]:
    """Every consumer that is declared or has a cursor, by name: one query, and two for each of the ledger's databases.

    Raises DatabaseError.
    """
    declared = {one.name: tuple(model._meta.db_table for model in one.tables) for one in all_consumers()}
    places: dict[str, dict[int, _Place]] = defaultdict(dict)
    for cursor in Cursor.objects.all():
        places[cursor.consumer][cursor.shard] = _place(cursor)
    names = sorted(declared.keys() | places.keys())
    if not names:
        return []
    heads = {head.shard: head for alias in databases() for head in _heads(alias)}
    lacked = _lacked(heads, [place for name in names for place in _all_places(places[name])])
    return [_state(name, declared.get(name), _all_places(places[name]), heads=heads, lacked=lacked) for name in names]


def _heads(alias: str) -> Iterable[Head]:
    return Head.objects.using(alias).only("shard", "block", "number", "epoch", "records")


def _place(cursor: Cursor) -> _Place:
    stop = None
    if cursor.stopped_reason:
        stop = Stop(cursor.shard, cursor.block, cursor.stopped_reason, cursor.stopped_at, cursor.tried_at)
    return _Place(cursor.block, cursor.sales, cursor.complete_to, stop)


def _all_places(known: dict[int, _Place]) -> list[tuple[int, _Place]]:
    return [(shard, known.get(shard, BEGINNING)) for shard in ALL_SHARDS]


def _lacked(heads: dict[int, Head], places: Iterable[tuple[int, _Place]]) -> dict[tuple[int, int], _Next]:
    """The first block that each consumer lacks in a shard, by (shard, number), where PostgreSQL has it."""
    wanted: dict[int, set[int]] = defaultdict(set)
    known_days = []
    for shard, place in places:
        if shard in heads and place.block < heads[shard].block:
            wanted[shard].add(place.block + 1)
            known_days.append(place.complete_to)
    found: dict[tuple[int, int], _Next] = {}
    for alias, shards in by_database(wanted).items():
        rows = Block.objects.using(alias).filter(
            id__in=[block_key(shard, number) for shard in shards for number in wanted[shard]]
        )
        # A block that was not fed was sealed after the last that was, so older days need not be looked at.
        since = [moment for moment in known_days if moment is not None]
        if len(since) == len(known_days):
            rows = rows.filter(sealed_on__gte=min(since).date())
        for row in rows.order_by().values_list("shard", "number", "sealed_at", "epoch", "first_number"):
            found[row[0], row[1]] = _Next(*row[2:])
    return found


def _state(
    name: str,
    tables: tuple[str, ...] | None,
    places: Sequence[tuple[int, _Place]],
    *,
    heads: dict[int, Head],
    lacked: dict[tuple[int, int], _Next],
) -> ServiceState:
    behind_blocks = behind_records = 0
    waiting: list[datetime | None] = []
    for shard, place in places:
        head = heads.get(shard)
        if head is None or place.block >= head.block:
            continue
        first = lacked.get((shard, place.block + 1))
        behind_blocks += head.block - place.block
        behind_records += _records_behind(head, place, first)
        waiting.append(first.sealed_at if first else place.complete_to)
    return ServiceState(
        name=name,
        is_declared=tables is not None,
        tables=tables or (),
        blocks=sum(place.block for _, place in places),
        sales=sum(place.sales for _, place in places),
        behind_blocks=behind_blocks,
        behind_records=behind_records,
        behind_since=_earliest(waiting),
        complete_to=_earliest([place.complete_to for _, place in places]),
        stops=tuple(place.stop for _, place in places if place.stop is not None),
    )


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """None where one of them is not known, or there is none."""
    known = [moment for moment in moments if moment is not None]
    return min(known, default=None) if len(known) == len(moments) else None


def _records_behind(head: Head, place: _Place, first: _Next | None) -> int:
    """Records in the blocks that were not fed: numbers are gapless in an epoch; across epochs, about as many."""
    if first is not None and first.epoch == head.epoch:
        return head.number - first.first_number + 1
    return round(head.records * (head.block - place.block) / head.block)
