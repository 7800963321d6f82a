"""Backpressure: says when a store must not take more, before it is full, unsafe or too far ahead of the ledger."""

import logging
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from possys.redis import Stores, local_folder, unsafe_settings
from transactions.stream import SHARD_COUNT, look_at

logger = logging.getLogger(__name__)

# Read anew this often; in between a peak of 70,000 sales a second adds some 70 MB.
FRESH_S = 1.0
# Settings hardly ever change, and reading all of them is not free.
SETTINGS_FRESH_S = 30.0
# Above this share of its memory a store refuses, so that states can still be written and old sales found.
MEMORY_SHARE_MAX = 0.8
# Records not yet in the ledger, over all shards: an hour at 15,000 sales a second would never fit; ten minutes do.
BACKLOG_MAX = 9_000_000
# With appendfsync always the server exits on a full disk; stop well before.
DISK_FREE_BYTES_MIN = 512 * 1024**2


@dataclass
class _Watched:
    """The last look at one store."""

    looked_s: float = -FRESH_S
    settings_looked_s: float = -SETTINGS_FRESH_S
    is_known: bool = False
    unsafe: str | None = None
    reason: str | None = None
    folder: Path | None = None
    outage: str | None = None
    looking: threading.Lock = field(default_factory=threading.Lock)


class Pressure:
    """Watches the stores, once a second from whichever request comes first; the others use its last word."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.watched = [_Watched() for _ in stores.clients]
        # "size root" of the log's newest checkpoint, as far as the last look has seen it.
        self.checkpoint: str | None = None

    @property
    def outage(self) -> str | None:
        """`<kind> <began at>` of the outage that is declared open, as far as the last looks have seen it."""
        return next((watched.outage for watched in self.watched if watched.outage), None)

    def reason(self, store: int) -> str | None:
        """Why the store must not take sales now, as a sentence; None when it may."""
        watched = self.watched[store]
        is_old = time.monotonic() - watched.looked_s >= FRESH_S
        # Nobody is let through before the first look is done; later ones are waited for by nobody.
        if is_old and watched.looking.acquire(blocking=not watched.is_known):
            try:
                watched.reason = self._look(store, watched)
                watched.looked_s = time.monotonic()
                watched.is_known = True
            except (RedisError, OSError):
                # The call that follows meets the same fault and answers for it.
                watched.reason = None
            finally:
                watched.looking.release()
        return watched.reason

    def disk_free_bytes(self, store: int) -> int | None:
        """Free space where the store's files lie; None where they are not on this machine, or nobody has looked."""
        folder = self.watched[store].folder
        return None if folder is None else shutil.disk_usage(folder).free

    def _look(self, store: int, watched: _Watched) -> str | None:
        client = self.stores.clients[store]
        # First, so that whoever is turned away is told of an outage.
        found = look_at(client, [shard for shard in range(SHARD_COUNT) if self.stores.index(shard) == store])
        self.checkpoint = found.checkpoint or self.checkpoint
        watched.outage = found.outage
        now_s = time.monotonic()
        if watched.unsafe or now_s - watched.settings_looked_s >= SETTINGS_FRESH_S:
            watched.unsafe = "; ".join(unsafe_settings(client)) or None
            watched.folder = local_folder(client)
            watched.settings_looked_s = now_s
            if watched.unsafe:
                logger.error("store %d could lose sales, so it takes none: %s", store, watched.unsafe)
        if watched.unsafe:
            return f"The capture store could lose sales: {watched.unsafe}."
        memory: Any = client.info("memory")
        if memory["used_memory"] > MEMORY_SHARE_MAX * memory["maxmemory"]:
            return "The capture store is nearly full."
        if watched.folder and shutil.disk_usage(watched.folder).free < DISK_FREE_BYTES_MIN:
            return "The capture store's disk is nearly full."
        if sum(head.waiting for head in found.heads) > BACKLOG_MAX:
            return "The ledger is too far behind."
        return None
