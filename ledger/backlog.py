"""What waits for the ledger, shard by shard, and for how long, beside what the ledger itself says of its shards.

Unlike `ledger.queries.health` it counts no table, so it may be asked every few seconds.
"""

from dataclasses import dataclass
from datetime import datetime

from ledger.models import Head
from ledger.queries import stopped_of
from ledger.shards import databases
from possys import clock
from transactions.backlog import Waiting, read_backlog
from transactions.service import stores


@dataclass(frozen=True, slots=True)
class ShardBacklog:
    """One shard; `waiting` is None while its store cannot be reached."""

    shard: int
    waiting: int | None
    oldest_at: datetime | None
    stopped_reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """All shards. `oldest_at`: when the oldest sale was received that the ledger lacks; None when none waits."""

    now: datetime
    shards: tuple[ShardBacklog, ...]
    records: int
    blocks: int
    last_sealed_at: datetime | None

    @property
    def is_store_reachable(self) -> bool:
        """Every shard's store answered."""
        return all(shard.waiting is not None for shard in self.shards)

    @property
    def waiting(self) -> int:
        """Records that wait, in the stores that answered."""
        return sum(shard.waiting or 0 for shard in self.shards)

    @property
    def oldest_at(self) -> datetime | None:
        """Of all shards."""
        return min((shard.oldest_at for shard in self.shards if shard.oldest_at), default=None)

    @property
    def oldest_s(self) -> float | None:
        """How long the oldest sale has waited, 0 when none does; None while a store cannot be reached."""
        if not self.is_store_reachable:
            return None
        return 0.0 if self.oldest_at is None else max(0.0, (self.now - self.oldest_at).total_seconds())

    @property
    def stopped(self) -> dict[int, str]:
        """The shards that the flush does not write, each with why."""
        return {shard.shard: shard.stopped_reason for shard in self.shards if shard.stopped_reason}


def backlog() -> Backlog:
    """What waits right now: one query for each of the ledger's databases. Raises DatabaseError."""
    heads = [head for alias in databases() for head in Head.objects.using(alias).defer("header_hash", "entry_sha256")]
    in_store = {shard.shard: shard for store in read_backlog(stores()) for shard in store.shards}
    return Backlog(
        now=clock.utc(clock.now_ms()),
        shards=tuple(_shard(head, in_store.get(head.shard)) for head in heads),
        records=sum(head.records for head in heads),
        blocks=sum(head.block for head in heads),
        last_sealed_at=max((head.sealed_at for head in heads if head.sealed_at), default=None),
    )


def _shard(head: Head, in_store: Waiting | None) -> ShardBacklog:
    if in_store is None:
        return ShardBacklog(head.shard, None, None, stopped_of(head, None))
    oldest_at = None if in_store.oldest_at_ms is None else clock.utc(in_store.oldest_at_ms)
    return ShardBacklog(head.shard, in_store.records, oldest_at, stopped_of(head, in_store))
