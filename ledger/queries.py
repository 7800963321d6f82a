"""What can be asked of the ledger: a sale by its place or identity, and how the flush is doing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from django.db import DatabaseError
from redis.exceptions import RedisError

from ledger import records
from ledger.blocks import MarkKind, Place, read_header
from ledger.duplicates import find_entries
from ledger.models import Entry, Head, MarkedRecord, identity_of
from ledger.records import Record
from ledger.sealed import BlockDamagedError, SealedBlock, damaged, lately_sealed_block, sealed_block
from ledger.shards import ALL_SHARDS, database_for, databases
from possys import clock
from possys.codes import Environment, day_of
from possys.receipt_keys import table
from transactions.backlog import Waiting
from transactions.capture import PastAwayError, PastSale
from transactions.service import stores
from transactions.stream import ShardHead, read_heads, shard_of

ReadBlock = Callable[[int, Place], SealedBlock | None]


class Recorded(NamedTuple):
    """A sale in the ledger: its place, its record, and the block around it."""

    shard: int
    block: int
    position: int
    sealed_on: date
    raw: bytes
    record: Record
    sealed: SealedBlock


class Removed(NamedTuple):
    """A sale that was recorded and removed because the law demands it: its place, and the leaf hash that is left."""

    shard: int
    block: int
    position: int
    sealed_on: date
    leaf: bytes
    sealed: SealedBlock


def find_recorded(
    terminal: int, sequence: int, issued_on: date, *, read_block: ReadBlock = sealed_block
) -> Recorded | Removed | None:
    """The sale issued on that day, by the primary key of its entry: two queries. None when it is not recorded.

    Raises ArchiveAwayError, a DatabaseError, and BlockDamagedError.
    """
    shard = shard_of(terminal)
    alias = database_for(shard)
    entry = (
        Entry.objects.using(alias)
        .filter(shard=shard, identity=identity_of(terminal, sequence), issued_on=issued_on)
        .values_list("sealed_on", "block", "position")
        .first()
    )
    if entry is None:
        return None
    place = Place(str(entry[0]), entry[1], entry[2])
    found = recorded_at(shard, place, read_block=read_block)
    if found is None:
        raise damaged(shard, place.block, f"an entry names its position {place.position}, where nothing is")
    return found


def recorded_at(shard: int, place: Place, *, read_block: ReadBlock = sealed_block) -> Recorded | Removed | None:
    """The record at a place, or that it was removed; None when there is none. Raises as `find_recorded` does."""
    sealed = read_block(shard, place)
    if sealed is None:
        return None
    sealed_on = date.fromisoformat(place.sealed_on)
    if (leaf := sealed.removed(place.position)) is not None:
        return Removed(shard, place.block, place.position, sealed_on, leaf, sealed)
    raw = sealed.record(place.position)
    if raw is None:
        return None
    return Recorded(shard, place.block, place.position, sealed_on, raw, records.read(raw), sealed)


def find_past(terminal: int, sequence: int, day: int | None) -> PastSale | None:
    """The recorded sale of an identity, on that day or on any; capture asks this of sales that its store forgot.

    A till whose answer was lost sends its whole batch again, and most of it lies in one block, which is read once.
    """
    shard = shard_of(terminal)
    issued_on = None if day is None else day_of(day)
    found = None
    if issued_on is not None:
        found = find_recorded(terminal, sequence, issued_on, read_block=lately_sealed_block)
    if found is None:
        identity = identity_of(terminal, sequence)
        entry = find_entries(database_for(shard), shard, [identity]).get(identity)
        if entry is not None:
            issued_on = entry.issued_on
            found = recorded_at(shard, entry.place, read_block=lately_sealed_block)
    if found is None or issued_on is None:
        return None
    if isinstance(found, Removed):
        return _past_of_removed(found, terminal, sequence, issued_on)
    received_at = datetime.fromisoformat(found.record.received_at)
    digest = sha256(records.sale_bytes(found.raw)).digest()
    return PastSale(digest, round(received_at.timestamp() * 1000), found.record.code)


def _past_of_removed(found: Removed, terminal: int, sequence: int, day: date) -> PastSale:
    """What is left of a removed sale: its code, which is a function of its identity, and when its block was sealed."""
    sealed_at = datetime.fromisoformat(read_header(found.sealed.header).sealed_at)
    code = table().encode(Environment.PRODUCTION, day, terminal, sequence)
    return PastSale(None, round(sealed_at.timestamp() * 1000), code)


def past_or_away(terminal: int, sequence: int, day: int | None) -> PastSale | None:
    """`find_past` as capture is given it. Raises PastAwayError when the database cannot be asked, or not believed."""
    try:
        return find_past(terminal, sequence, day)
    except (DatabaseError, BlockDamagedError) as fault:
        raise PastAwayError from fault


@dataclass(frozen=True, slots=True)
class ShardHealth:
    """One shard: what waits in the store, and what stops it."""

    shard: int
    waiting: int
    records: int
    blocks: int
    sealed_at: datetime | None
    stopped_reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """The flush at a glance."""

    store_reachable: bool
    waiting: int
    records: int
    blocks: int
    duplicates: int
    conflicts: int
    last_sealed_at: datetime | None
    stopped: dict[int, str]
    shards: list[ShardHealth]

    def as_json(self) -> dict[str, object]:
        """The totals, for `manage.py health --json` and whoever watches."""
        sealed = self.last_sealed_at
        return {
            "store_reachable": self.store_reachable,
            "waiting": self.waiting,
            "records": self.records,
            "blocks": self.blocks,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "last_sealed_at": None if sealed is None else clock.iso_utc(int(sealed.timestamp() * 1000)),
            "stopped": {str(shard): reason for shard, reason in self.stopped.items()},
        }


def health() -> Health:
    """How the flush is doing, from the heads in PostgreSQL and in the store."""
    heads = [head for alias in databases() for head in Head.objects.using(alias).defer("header_hash", "entry_sha256")]
    in_store = _store_heads()
    shards = [
        ShardHealth(
            head.shard,
            _waiting(head, in_store.get(head.shard)),
            head.records,
            head.block,
            head.sealed_at,
            stopped_of(head, in_store.get(head.shard)),
        )
        for head in heads
    ]
    marks = {
        kind: sum(MarkedRecord.objects.using(alias).filter(kind=kind).count() for alias in databases())
        for kind in MarkKind
    }
    return Health(
        store_reachable=len(in_store) == len(ALL_SHARDS),
        waiting=sum(shard.waiting for shard in shards),
        records=sum(shard.records for shard in shards),
        blocks=sum(shard.blocks for shard in shards),
        duplicates=marks[MarkKind.DUPLICATE],
        conflicts=marks[MarkKind.CONFLICT],
        last_sealed_at=max((shard.sealed_at for shard in shards if shard.sealed_at), default=None),
        stopped={shard.shard: shard.stopped_reason for shard in shards if shard.stopped_reason},
        shards=shards,
    )


def stopped_of(head: Head, in_store: ShardHead | Waiting | None) -> str:
    """What stops the shard: what the flush met, or a store that does not have the announced epoch."""
    if head.stopped_reason or in_store is None or in_store.epoch == head.announced_epoch:
        return head.stopped_reason
    has = f"has epoch {in_store.epoch}" if in_store.epoch else "has lost its epoch"
    return f"the store {has}, {head.announced_epoch} was announced: it takes no sales until manage.py rebuild_store"


def _waiting(head: Head, in_store: ShardHead | None) -> int:
    if in_store is None or in_store.epoch == 0:
        return 0
    flushed = head.number if head.epoch == in_store.epoch else 0
    return max(0, in_store.number - flushed)


def _store_heads() -> dict[int, ShardHead]:
    """The shards' heads in the stores; none of a store that cannot be reached."""
    found: dict[int, ShardHead] = {}
    for index, client in enumerate(stores().clients):
        shards = [shard for shard in ALL_SHARDS if stores().index(shard) == index]
        try:
            found.update(zip(shards, read_heads(client, shards), strict=True))
        except (RedisError, OSError):
            continue
    return found
