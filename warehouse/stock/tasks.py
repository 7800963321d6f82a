"""The nightly work on average costs, a store after the other; Celery finds it through warehouse/tasks.py."""

import logging

from celery import shared_task

from warehouse.stock.nightly import step

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def recompute_costs(after: int = 0) -> None:
    """Works the average costs of the next store out again, and queues the one behind it."""
    done = step(after)
    if done is None:
        return
    if done.changed:
        logger.info("average costs of store %d: %d steps changed", *done)
    recompute_costs.delay(done.store)
