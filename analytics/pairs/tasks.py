"""The nightly count of pairs, retailer by retailer; Celery finds it through analytics/tasks.py."""

import logging
import time

from celery import shared_task
from django.utils import timezone

from analytics.pairs.operations import count_retailer, next_retailer
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)

# Then the successor is queued, so that a worker that is told to stop has not long to go.
RUN_S = 60


@shared_task(ignore_result=True)
def count_pairs(after: int = 0) -> None:
    """Counts the retailers whose numbers come behind one for a minute, then queues its successor."""
    begun_s = time.monotonic()
    while (retailer := next_retailer(after)) is not None:
        if time.monotonic() - begun_s > RUN_S:
            count_pairs.delay(after)
            return
        done = count_retailer(retailer, timezone.localtime(utc(now_ms())))
        logger.info("retailer %d: %d pairs of %d baskets in %d ms", retailer, done.pairs, done.baskets, done.took_ms)
        after = retailer
