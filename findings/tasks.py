"""Judges tills; Beat starts it every minute, and what was killed is gone on with by the next."""

import logging

from celery import shared_task

from findings.judging import judge_due
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def judge_findings() -> None:
    """One round; nothing when another one goes on."""
    done = judge_due(utc(now_ms()))
    if done is not None and (done.opened or done.reopened or done.closed or done.failed):
        logger.info("findings: %s", done)
