"""Keeps a group of shards fed for a while on one tick, and notes up to which moment what was fed is complete."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from redis.exceptions import RedisError

from ledger.consumers import all_consumers
from ledger.feeding.models import Cursor
from ledger.feeding.running import Fed, feed
from ledger.models import Head
from ledger.shards import by_database
from possys.clock import now_ms, utc
from transactions.service import stores
from transactions.stream import read_heads

logger = logging.getLogger(__name__)

# Pages show figures "complete up to" a moment; this often is fresh enough, and costs some rows a second.
COMPLETE_EVERY_S = 5.0
POLL_S = 0.25
# One task's length: short enough for workers to be replaced, long enough that Celery's own cost vanishes.
TICK_S = 30.0
# After a fault, so that a server that is away is not hammered.
FAULT_PAUSE_S = 1.0


def mark_complete(shards: Sequence[int]) -> int:
    """Notes that consumers which stand at the head of a shard with nothing waiting are complete up to now.

    Answers how many cursors were noted. Raises DatabaseError, and RedisError or OSError when a capture store is away:
    what waits there is not known then, and nothing is noted.
    """
    # Before anything else is read: what is taken from here on is later than that moment.
    moment = utc(now_ms())
    idle = _idle(shards)
    heads: dict[int, int] = {}
    for alias, own in by_database(idle).items():
        heads.update(Head.objects.using(alias).filter(shard__in=own).values_list("shard", "block"))
    at_head = [
        (name, shard)
        for name, shard, block in Cursor.objects.filter(shard__in=idle, stopped_reason="")
        .filter(Q(complete_to__lt=moment) | Q(complete_to=None))
        .values_list("consumer", "shard", "block")
        if heads.get(shard) == block
    ]
    return Cursor.objects.filter(pk__in=at_head).update(complete_to=moment) if at_head else 0


def _idle(shards: Sequence[int]) -> list[int]:
    """The shards of which nothing waits for the ledger; a store that has lost its epoch cannot tell."""
    of_store: dict[int, list[int]] = defaultdict(list)
    for shard in shards:
        of_store[stores().index(shard)].append(shard)
    return [
        shard
        for index, own in of_store.items()
        for shard, head in zip(own, read_heads(stores().clients[index], own), strict=True)
        if head.epoch and not head.waiting
    ]


def run(shards: Sequence[int], *, hold: Callable[[], bool], tick_s: float = TICK_S) -> Fed:
    """Feeds a group for one tick's length, or until `hold` says that another task has it. Faults are waited out."""
    total = Fed()
    until_s = time.monotonic() + tick_s
    marked_s = float("-inf")
    while time.monotonic() < until_s and hold():
        try:
            done = feed(shards, utc(now_ms()))
            total.add(done)
            if all_consumers() and time.monotonic() - marked_s >= COMPLETE_EVERY_S:
                mark_complete(shards)
                marked_s = time.monotonic()
            pause_s = 0.0 if done.blocks else POLL_S
        except (RedisError, OSError, DatabaseError) as fault:
            logger.warning("the feed waits: %s", fault)
            close_old_connections()
            pause_s = FAULT_PAUSE_S
        time.sleep(pause_s)
    return total
