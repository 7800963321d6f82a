"""Leaves room for live sales: the load waits while the ledger has much to write."""

import threading

from redis.exceptions import RedisError

from transactions.service import stores
from transactions.stream import SHARD_COUNT, read_heads

# A live sale is sealed behind what waits in its shard, so this is about a second of a small machine's flush.
WAITING_MAX = 5_000
LOOK_EVERY_S = 0.1


def waiting_records() -> int:
    """Records that the ledger does not have yet; 0 when the store cannot say, as capture then answers for itself."""
    try:
        return sum(
            head.waiting
            for place, client in enumerate(stores().clients)
            for head in read_heads(client, [shard for shard in range(SHARD_COUNT) if stores().index(shard) == place])
        )
    except (RedisError, OSError):
        return 0


def wait_for_room(stop: threading.Event) -> None:
    """Waits until few records wait, or the load is stopped."""
    while waiting_records() > WAITING_MAX and not stop.wait(LOOK_EVERY_S):
        pass
