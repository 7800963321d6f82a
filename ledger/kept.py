"""How long a store keeps what the ledger has already: STREAM_KEPT_S, or not at all once memory is short.

What is kept is for a database that must be restored (docs/backup.md). Taking sales goes first.
"""

import logging
import time
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from possys.clock import MS_PER_S
from transactions.service import stores

logger = logging.getLogger(__name__)

# Above this share of its memory a store keeps nothing; at 80 % it takes no more sales (transactions/pressure.py).
MEMORY_SHARE_MAX = 0.6
FRESH_S = 1.0

# When each store was last asked, and whether it had room.
_looked: dict[int, tuple[float, bool]] = {}


def kept_ms(store: int) -> int:
    """How long the store of this index is to keep what is flushed now, in ms."""
    if settings.STREAM_KEPT_S <= 0:
        return 0
    return settings.STREAM_KEPT_S * MS_PER_S if _has_room(store) else 0


def _has_room(store: int) -> bool:
    now_s = time.monotonic()
    looked_s, had_room = _looked.get(store, (-FRESH_S, True))
    if now_s - looked_s < FRESH_S:
        return had_room
    try:
        memory: Any = stores().clients[store].info("memory")
    except (RedisError, OSError):
        # The trimming that follows meets the same fault and tells of it.
        return had_room
    has_room = not memory["maxmemory"] or memory["used_memory"] <= MEMORY_SHARE_MAX * memory["maxmemory"]
    if had_room and not has_room:
        logger.error("ALARM the capture store is short of memory and keeps nothing of what was flushed")
    _looked[store] = now_s, has_room
    return has_room
