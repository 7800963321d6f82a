"""Celery tasks of entries: tagged sales are entered within seconds after they were sealed."""

import logging

from celery import shared_task

from lottery.entries.collecting import collect_all
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def collect_tagged_sales() -> None:
    """Makes entries of new tagged sales."""
    if made := collect_all(utc(now_ms())):
        logger.info("%d receipts entered by their tag", made)
