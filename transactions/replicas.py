"""Whether a capture store has the replicas without which no sale is acknowledged.

Two settings ask for them. `STORE_REPLICAS_MIN` is capture's: a sale is appended, and answered once so many have
fsynced it. `min-replicas-to-write` is the store's own: with fewer it refuses to write at all (NOREPLICAS).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import redis

DEMANDED = "min-replicas-to-write"
# Of INFO, told only by a store that demands some: those that were heard of within min-replicas-max-lag.
IN_STEP = "min_slaves_good_slaves"


class Replicas(NamedTuple):
    """How many a store has, and how many it needs."""

    there: int
    needed: int

    @property
    def are_enough(self) -> bool:
        """Whether sales are acknowledged."""
        return self.there >= self.needed


def read_replicas(client: redis.Redis, told: Mapping[str, Any], *, capture_min: int) -> Replicas:
    """Of one store, by its INFO. Raises RedisError and OSError."""
    connected = int(told["connected_slaves"])
    if IN_STEP not in told:
        return Replicas(connected, capture_min)
    found: Any = client.config_get(DEMANDED)
    return Replicas(min(connected, int(told[IN_STEP])), max(capture_min, int(found[DEMANDED])))
