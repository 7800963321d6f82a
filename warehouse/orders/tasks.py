"""The nightly count of classes, a step after the other; Celery finds it through warehouse/tasks.py."""

import logging

from celery import shared_task
from django.utils import timezone

from possys.clock import now_ms, utc
from warehouse.demand.classing import BEGINNING, Place, step

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def count_classes(retailer: int = BEGINNING.retailer, store: int = BEGINNING.store) -> None:
    """Counts the places that are due behind a place, and queues the next step; what was counted today is passed by."""
    done = step(timezone.localtime(utc(now_ms())).date(), Place(retailer, store))
    if done.places:
        logger.info("classes behind retailer %d, store %d: %d places, %d products", retailer, store, *done[:2])
    if done.after is not None:
        count_classes.delay(*done.after)
