"""Celery: acts are published as they come, and read again every night."""

import logging

from celery import shared_task

from audit import publishing
from audit.verifying import verify_acts
from possys.clock import now_ms, utc

# The rest is told by `manage.py verify_audit`.
NAMED_MAX = 5

logger = logging.getLogger(__name__)


@shared_task
def publish_acts() -> None:
    """Has the log vouch for what was added since the last time."""
    publishing.publish_acts(utc(now_ms()))


@shared_task
def check_acts() -> None:
    """Alarms when an act is not as it was published."""
    verdict = verify_acts()
    for fault in verdict.faults[:NAMED_MAX]:
        logger.error("ALARM the audit log: %s", fault)
    if verdict.is_well:
        logger.info("the audit log's %d acts are as they were published", verdict.acts)
