"""Decides when a shard is due, and keeps a group of shards flushed for a while on one tick."""

import logging
import time
from collections.abc import Callable, Sequence

from django.db import DatabaseError, close_old_connections
from redis.exceptions import RedisError

from ledger.flush import Flushed, flush
from ledger.models import Head
from ledger.safety import UnsafeDatabaseError
from ledger.shards import by_database
from possys import pulse
from possys.pulse import FLUSH_RECORDS, FLUSH_SECONDS
from transactions.service import stores
from transactions.stream import ShardHead, read_heads

logger = logging.getLogger(__name__)

# A block of this many is worth its overhead; a smaller one waits for company, but not long.
DUE_RECORDS = 1000
DUE_AGE_S = 0.7
POLL_S = 0.1
# One task's length: short enough for workers to be replaced, long enough that Celery's own cost vanishes.
TICK_S = 30.0
# After a fault, so that a server that is away is not hammered.
FAULT_PAUSE_S = 1.0
# What PostgreSQL alone knows (an announced epoch, that it was restored) is looked at this often.
LOOK_EVERY_S = 5.0


class Poller:
    """Watches one group of shards."""

    def __init__(self, shards: Sequence[int]) -> None:
        self.shards = shards
        self.waiting_since: dict[int, float] = {}
        self.looked_s = -LOOK_EVERY_S
        self.epochs: dict[int, int] = {}
        self.behind: set[int] = set()
        self.without_epoch: set[int] = set()

    def due(self) -> list[int]:
        """The shards that should be flushed now. Raises RedisError, DatabaseError."""
        now_s = time.monotonic()
        found = []
        heads = self._heads()
        self._alarm_without_epoch({shard for shard, head in heads if head.epoch == 0})
        self._look_at_ledger(heads, now_s)
        for shard, head in heads:
            if shard in self.behind:
                found.append(shard)
                continue
            waiting = head.waiting or self._epoch_is_new(shard, head)
            if not waiting:
                self.waiting_since.pop(shard, None)
                continue
            since = self.waiting_since.setdefault(shard, now_s)
            if head.waiting >= DUE_RECORDS or now_s - since >= DUE_AGE_S:
                found.append(shard)
        return found

    def flush_due(self) -> Flushed:
        """Flushes what is due; an idle round does nothing but look."""
        shards = self.due()
        began_s = time.monotonic()
        done = flush(shards) if shards else Flushed()
        if done.records:
            pulse.observe(FLUSH_SECONDS, time.monotonic() - began_s)
            pulse.observe(FLUSH_RECORDS, done.records)
            pulse.add("flush_records", done.records)
            pulse.add("flush_blocks", done.blocks)
        for shard in shards:
            self.waiting_since.pop(shard, None)
            # From here on the store counts what the ledger lacks.
            self.behind.discard(shard)
        return done

    def _alarm_without_epoch(self, shards: set[int]) -> None:
        """Says once that a store came back empty: the tills get 503, and only an operator may open it again."""
        if new := sorted(shards - self.without_epoch):
            logger.error("ALARM the store has no epoch for shards %s: manage.py rebuild_store", new)
        self.without_epoch = shards

    def _heads(self) -> list[tuple[int, ShardHead]]:
        by_store: dict[int, list[int]] = {}
        for shard in self.shards:
            by_store.setdefault(stores().index(shard), []).append(shard)
        return [
            (shard, head)
            for store, shards in by_store.items()
            for shard, head in zip(shards, read_heads(stores().clients[store], shards), strict=True)
        ]

    def _look_at_ledger(self, heads: Sequence[tuple[int, ShardHead]], now_s: float) -> None:
        """What PostgreSQL alone knows: announced epochs, and whether it went back behind what the store saw flushed.

        It is asked after the store, so that a flush in between cannot look like a step back.
        """
        if now_s - self.looked_s < LOOK_EVERY_S:
            return
        self.looked_s = now_s
        self.epochs = {}
        self.behind = set()
        in_store = dict(heads)
        for alias, shards in by_database(self.shards).items():
            rows = Head.objects.using(alias).filter(shard__in=shards).values_list("shard", "epoch", "number")
            for shard, epoch, number in rows:
                self.epochs[shard] = epoch
                if in_store[shard].epoch == epoch and in_store[shard].flushed > number:
                    self.behind.add(shard)
        if self.behind:
            logger.warning("the database was restored: %d shards are filled up out of the store", len(self.behind))

    def _epoch_is_new(self, shard: int, head: ShardHead) -> bool:
        """Whether the ledger's head still is in another epoch than the store, so that old entries may be left."""
        return head.number > 0 and head.epoch != self.epochs.get(shard, head.epoch)


def run(shards: Sequence[int], *, hold: Callable[[], bool], tick_s: float = TICK_S) -> Flushed:
    """Flushes a group for one tick's length, or until `hold` says that another task has it. Faults are waited out."""
    poller = Poller(shards)
    total = Flushed()
    until_s = time.monotonic() + tick_s
    while time.monotonic() < until_s and hold():
        try:
            done = poller.flush_due()
            total.add(done)
            pause_s = 0.0 if done.records else POLL_S
        except (RedisError, OSError, DatabaseError, UnsafeDatabaseError) as fault:
            logger.warning("the flush waits: %s", fault)
            close_old_connections()
            pause_s = FAULT_PAUSE_S
        time.sleep(pause_s)
    return total
