"""Closes the fiscal days that are due; Celery finds it through accounting/tasks.py."""

import logging
import time

from celery import shared_task

from accounting.days.due import close_due
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)

# Then the successor is queued, so that a worker that is told to stop has not long to go.
RUN_S = 60


@shared_task(ignore_result=True)
def close_due_days() -> None:
    """Closes what is due for a minute, then queues its successor. Twice at once does no harm."""
    begun_s = time.monotonic()
    total = 0
    while done := close_due(utc(now_ms())):
        total += done
        if time.monotonic() - begun_s > RUN_S:
            close_due_days.delay()
            break
    if total:
        logger.info("%d fiscal days of stores closed in %d s", total, time.monotonic() - begun_s)
