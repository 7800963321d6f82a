"""Whether this process may take sales: asked of the capture stores as capture itself asks them."""

from typing import Any

from redis.exceptions import RedisError

from possys.health import AWAY, FINE, HANDBOOK, PARTLY, Part
from possys.redis import Stores
from transactions.replicas import read_replicas
from transactions.service import capture
from transactions.stream import SHARD_COUNT, read_heads

FULL = Part(
    AWAY,
    "is nearly full, or the ledger is too far behind: no sale is taken until there is room",
    f"{HANDBOOK}#possysstorefull",
)
UNSAFE = Part(AWAY, "could lose sales as it is set, so none is taken", f"{HANDBOOK}#possysstoreunsafe")
NO_EPOCH = Part(AWAY, "is not open: it was wiped, exchanged or is being rebuilt", f"{HANDBOOK}#possysstorewithoutepoch")
STORE_AWAY = f"{HANDBOOK}#possysstoreaway"
GONE = Part(AWAY, "cannot be reached: tills go on offline", STORE_AWAY)
NO_REPLICA = Part(AWAY, "has too few replicas to acknowledge a sale", f"{HANDBOOK}#possysstorereplicasaway")
OPEN = Part(FINE, "takes sales")


def look_at_stores() -> Part:
    """All of them. With several, one that is away refuses its own shards' sales and takes no process out of service."""
    stores = capture().stores
    found = [_look_at(stores, index) for index in range(len(stores.clients))]
    refusing = [(index, part) for index, part in enumerate(found) if part.state != FINE]
    if not refusing:
        return OPEN
    worst = refusing[0][1]
    detail = "; ".join(f"store {index}: {part.detail or part.says}" for index, part in refusing)
    if len(refusing) == len(found):
        return worst._replace(detail=detail)
    says = f"{len(refusing)} of {len(found)} stores take no sales; the first of them {worst.says}"
    return Part(PARTLY, says, worst.do, detail)


def _look_at(stores: Stores, index: int) -> Part:
    client = stores.clients[index]
    shards = [shard for shard in range(SHARD_COUNT) if stores.index(shard) == index]
    try:
        heads = read_heads(client, shards)
        reason = capture().pressure.reason(index)
        told: Any = client.info("replication")
        replicas = read_replicas(client, told, capture_min=capture().limits.replicas_min)
    except (RedisError, OSError) as fault:
        return GONE._replace(detail=f"{type(fault).__name__}: {fault}")
    closed = [shard for shard, head in zip(shards, heads, strict=True) if head.epoch == 0]
    if len(closed) == len(shards):
        return NO_EPOCH
    if reason is not None:
        kind = UNSAFE if "could lose" in reason else FULL
        return kind._replace(detail=reason)
    if not replicas.are_enough:
        return NO_REPLICA._replace(detail=f"{replicas.there} of {replicas.needed} replicas are there")
    if closed:
        return NO_EPOCH._replace(state=PARTLY, says="some of its shards are not open", detail=f"shards {closed}")
    return OPEN
