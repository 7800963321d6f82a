"""What waits in the capture stores for the ledger, by shard, and since when; asked of the stores alone.

It tells the truth while PostgreSQL is away, which is when somebody needs it: the stores know what was flushed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import redis
from redis.exceptions import RedisError

from possys.redis import Stores
from transactions.stream import SHARD_COUNT, read_heads
from transactions.waiting import oldest_received_ms


@dataclass(frozen=True, slots=True)
class Waiting:
    """One shard: its epoch (0: it takes nothing), how many records wait, and when the oldest was received."""

    shard: int
    epoch: int
    records: int
    oldest_at_ms: int | None

    def age_s(self, now_ms: int) -> float:
        """How long the oldest record has waited; 0 when none waits."""
        return 0.0 if self.oldest_at_ms is None else max(0.0, (now_ms - self.oldest_at_ms) / 1000)


@dataclass(frozen=True, slots=True)
class StoreBacklog:
    """One store's shards, or why it could not be asked."""

    store: int
    shards: tuple[Waiting, ...]
    fault: str = ""


def read_backlog(stores: Stores) -> list[StoreBacklog]:
    """Each store's, in order; one that is away takes no other's away. Two round trips a store."""
    return [_backlog_of(stores, index) for index in range(len(stores.clients))]


def oldest_at_ms(backlog: Sequence[StoreBacklog]) -> int | None:
    """When the oldest record of all was received that waits; None when none does."""
    moments = [shard.oldest_at_ms for store in backlog for shard in store.shards if shard.oldest_at_ms is not None]
    return min(moments, default=None)


def _backlog_of(stores: Stores, index: int) -> StoreBacklog:
    shards = [shard for shard in range(SHARD_COUNT) if stores.index(shard) == index]
    try:
        return StoreBacklog(index, tuple(_waiting(stores.clients[index], shards)))
    except (RedisError, OSError) as fault:
        return StoreBacklog(index, (), f"{type(fault).__name__}: {fault}")


def _waiting(client: redis.Redis, shards: Sequence[int]) -> list[Waiting]:
    heads = dict(zip(shards, read_heads(client, shards), strict=True))
    oldest = oldest_received_ms(client, heads)
    return [Waiting(shard, head.epoch, head.waiting, oldest.get(shard)) for shard, head in heads.items()]
