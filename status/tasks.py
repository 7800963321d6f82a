"""Celery tasks of the status page; a lost or doubled one is harmless."""

import logging

from celery import shared_task
from redis.exceptions import RedisError

from possys.clock import now_ms, utc
from status import counting, folding

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def fold_minutes() -> None:
    """One look at the cache's minutes; while that is away, the next one has them still. The first one counts, too."""
    try:
        folding.fold(now_ms())
    except (RedisError, OSError) as fault:
        logger.warning("the status page's minutes cannot be read: %s", fault)
    if not counting.is_counted():
        counting.count_registry()


@shared_task(ignore_result=True)
def count_terminals() -> None:
    """For the admin's first page."""
    counting.count_registry()


@shared_task(ignore_result=True)
def purge_minutes() -> None:
    """What is older than the status page keeps."""
    if gone := folding.purge(utc(now_ms())):
        logger.info("%d old minutes of the status page are gone", gone)
