"""Celery tasks: ticks that name a group of shards. A lost or doubled one is harmless."""

import uuid
from typing import Any

import redis
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from redis.exceptions import RedisError

from ledger import ticks
from ledger.partitions import make_days_ahead
from ledger.shards import group
from possys.clock import now_ms, utc
from possys.redis import connect

# Renewed at every look (0.1 s); a killed worker's group is free again after this.
HOLD_S = 5
# Partitions are made this many days before they are needed.
DAYS_AHEAD = 7


def _hold_key(number: int) -> str:
    return f"flush-group:{number}"


class Hold:
    """Keeps two tasks from working at one group; it only saves work, the row locks are the guard."""

    def __init__(self, client: redis.Redis, number: int) -> None:
        self.client = client
        self.key = _hold_key(number)
        self.token = uuid.uuid4().hex.encode()

    def __call__(self) -> bool:
        """Takes or renews the hold; true when it is ours, or when the broker cannot say."""
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
    hold = Hold(connect(settings.BROKER_URL), number)
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
        if not client.exists(_hold_key(number)):
            flush_group.apply_async((number,), expires=HOLD_S)


@shared_task(ignore_result=True)
def make_days() -> None:
    """Makes the coming days' partitions."""
    make_days_ahead(utc(now_ms()).date(), ahead=DAYS_AHEAD)


@worker_ready.connect
def tick_when_ready(sender: Any = None, **kwargs: Any) -> None:
    """A flush worker begins by itself."""
    queues = getattr(getattr(sender, "task_consumer", None), "queues", [])
    if any(queue.name == "flush" for queue in queues):
        for number in range(settings.FLUSH_GROUPS):
            flush_group.apply_async((number,), expires=HOLD_S)
