"""Celery tasks of capture: sending registry changes to the store that could not be reached before."""

import logging

from celery import shared_task
from redis.exceptions import RedisError

from transactions import loading, outages

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def load_pending() -> None:
    """Loads the terminals whose latest change the store does not know."""
    try:
        if count := loading.load_pending():
            logger.info("loaded %d terminals whose change had not reached the store", count)
    except (RedisError, OSError) as fault:
        logger.warning("registry changes wait for the store: %s", fault)


@shared_task(ignore_result=True)
def announce_outage() -> None:
    """Tells the stores again whether an outage is declared, for one that was away when it began or ended."""
    outages.announce()
