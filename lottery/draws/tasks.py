"""Celery tasks of draws: what is due happens by itself."""

import logging

from celery import shared_task

from lottery.draws import advancing
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def advance_draws() -> None:
    """Freezes and draws what is due."""
    for said in advancing.advance(utc(now_ms())):
        logger.info("%s", said)
