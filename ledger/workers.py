"""Which Celery workers are at work, as the broker knows: who holds which group, and what waits in the queues.

A task that flushes, feeds or signs holds its group in the broker and renews that ten times a second (ledger/tasks.py),
so a hold that is missing means that nobody does this work just now.
"""

from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from ledger.tasks import CHECKPOINTER, feed_key, flush_key
from possys.redis import connect

QUEUES = ("flush", "log", "feed", "celery", "mail")


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work: the queue whose workers do it, how many groups it has, and how many are worked on now."""

    queue: str
    groups: int
    held: int


@dataclass(frozen=True, slots=True)
class Workers:
    """All kinds of work, and the messages that wait in each queue."""

    work: tuple[Work, ...]
    queued: dict[str, int]

    @property
    def idle(self) -> list[str]:
        """The queues some of whose groups nobody works on."""
        return [one.queue for one in self.work if one.held < one.groups]


def read_workers() -> Workers:
    """One round trip. Raises RedisError, OSError."""
    keys = {
        "flush": [flush_key(number) for number in range(settings.FLUSH_GROUPS)],
        "log": [CHECKPOINTER],
        "feed": [feed_key(number) for number in range(settings.FEED_GROUPS)],
    }
    with connect(settings.BROKER_URL) as client:
        pipeline: redis.client.Pipeline = client.pipeline(transaction=False)
        for own in keys.values():
            pipeline.exists(*own)
        for queue in QUEUES:
            pipeline.llen(queue)
        replies: list[Any] = pipeline.execute()
    held, queued = replies[: len(keys)], replies[len(keys) :]
    work = tuple(Work(queue, len(own), count) for (queue, own), count in zip(keys.items(), held, strict=True))
    return Workers(work, dict(zip(QUEUES, queued, strict=True)))
