"""This part's Celery tasks; a lost or doubled one is harmless."""

import logging

from celery import shared_task

from lottery.prizes import deadlines, erasing
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def keep_deadlines() -> None:
    """Reminds winners, ends what nobody claimed, closes draws."""
    passed = deadlines.keep_deadlines(utc(now_ms()))
    if any(passed):
        logger.info("lottery: %d winners reminded, %d wins expired, %d draws closed", *passed)


@shared_task(ignore_result=True)
def erase_paid() -> None:
    """Erases whom prizes were paid to long ago."""
    if erased := erasing.erase_due(utc(now_ms())):
        logger.info("lottery: %d payees erased", erased)
