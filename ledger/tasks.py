"""Celery tasks: ticks that name a group of shards, or the log. A lost or doubled one is harmless."""

import uuid
from typing import Any

import redis
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from redis.exceptions import RedisError

from ledger import ticks
from ledger.feeding import ticks as feeding
from ledger.log import checkpointer
from ledger.partitions import make_days_ahead
from ledger.shards import group
from ledger.verification import sampling
from possys.clock import now_ms, utc
from possys.redis import connect
from possys.stopping import is_stopping

# Renewed at every look (0.1 s); a killed worker's group is free again after this.
HOLD_S = 5
# Partitions are made this many days before they are needed.
DAYS_AHEAD = 7


CHECKPOINTER = "checkpointer"


def flush_key(number: int) -> str:
    """The broker's key by which a task holds a group of shards that it flushes."""
    return f"flush-group:{number}"


def feed_key(number: int) -> str:
    """The same of a group that is fed to the services."""
    return f"feed-group:{number}"


class Hold:
    """Keeps two tasks from the same work; it only saves work: row locks and compare-and-set are the guards."""

    def __init__(self, client: redis.Redis, key: str) -> None:
        self.client = client
        self.key = key
        self.token = uuid.uuid4().hex.encode()

    def __call__(self) -> bool:
        """Takes or renews the hold; true when it is ours, or when the broker cannot say; not in a worker that stops."""
        if is_stopping():
            return False
        try:
            if self.client.set(self.key, self.token, nx=True, ex=HOLD_S):
                return True
            if self.client.get(self.key) != self.token:
                return False
            self.client.expire(self.key, HOLD_S)
        except (RedisError, OSError):
            return True
        return True

    def release(self) -> None:
        """Gives it up, for the successor."""
        try:
            if self.client.get(self.key) == self.token:
                self.client.delete(self.key)
        except (RedisError, OSError):
            pass


@shared_task(ignore_result=True)
def flush_group(number: int) -> None:
    """Flushes one group of shards for half a minute, then queues its successor."""
    hold = Hold(connect(settings.BROKER_URL), flush_key(number))
    if not hold():
        return
    ticks.run(group(number, settings.FLUSH_GROUPS), hold=hold)
    hold.release()
    flush_group.apply_async((number,), expires=HOLD_S)


@shared_task(ignore_result=True)
def repair_flush() -> None:
    """Queues a tick for every group that no task holds: after a crash, and when a broker lost one."""
    client = connect(settings.BROKER_URL)
    for number in range(settings.FLUSH_GROUPS):
        if not client.exists(flush_key(number)):
            flush_group.apply_async((number,), expires=HOLD_S)


@shared_task(ignore_result=True)
def feed_group(number: int) -> None:
    """Feeds the consumers one group of shards for half a minute, then queues its successor."""
    hold = Hold(connect(settings.BROKER_URL), feed_key(number))
    if not hold():
        return
    feeding.run(group(number, settings.FEED_GROUPS), hold=hold)
    hold.release()
    feed_group.apply_async((number,), expires=HOLD_S)


@shared_task(ignore_result=True)
def repair_feed() -> None:
    """Queues a tick for every group that no task feeds: after a crash, and when a broker lost one."""
    client = connect(settings.BROKER_URL)
    for number in range(settings.FEED_GROUPS):
        if not client.exists(feed_key(number)):
            feed_group.apply_async((number,), expires=HOLD_S)


@shared_task(ignore_result=True)
def run_checkpointer() -> None:
    """Brings new blocks into the log and signs it for half a minute, then queues its successor."""
    hold = Hold(connect(settings.BROKER_URL), CHECKPOINTER)
    if not hold():
        return
    checkpointer.run(hold=hold)
    hold.release()
    run_checkpointer.apply_async(expires=HOLD_S)


@shared_task(ignore_result=True)
def repair_checkpointer() -> None:
    """Queues the checkpointer's tick when no task holds it."""
    if not connect(settings.BROKER_URL).exists(CHECKPOINTER):
        run_checkpointer.apply_async(expires=HOLD_S)


@shared_task(ignore_result=True)
def make_days() -> None:
    """Makes the coming days' partitions."""
    make_days_ahead(utc(now_ms()).date(), ahead=DAYS_AHEAD)


@shared_task(ignore_result=True)
def check_sample() -> None:
    """Checks a random sample of the ledger, and the log's newest part."""
    sampling.check_sample()


@worker_ready.connect
def tick_when_ready(sender: Any = None, **kwargs: Any) -> None:
    """Flush workers, feed workers and the checkpointer begin by themselves."""
    queues = {queue.name for queue in getattr(getattr(sender, "task_consumer", None), "queues", [])}
    if "flush" in queues:
        for number in range(settings.FLUSH_GROUPS):
            flush_group.apply_async((number,), expires=HOLD_S)
    if "feed" in queues:
        for number in range(settings.FEED_GROUPS):
            feed_group.apply_async((number,), expires=HOLD_S)
    if "log" in queues:
        run_checkpointer.apply_async(expires=HOLD_S)
