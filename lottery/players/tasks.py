"""Celery tasks of players."""

import logging

from celery import shared_task

from lottery.players.deleting import delete_due
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def delete_personal_data() -> None:
    """Deletes what has been kept long enough."""
    done = delete_due(utc(now_ms()))
    if any(done):
        logger.info("deleted on schedule: %s", ", ".join(f"{count} {name}" for name, count in done._asdict().items()))
