"""The nightly look whether a week of peers is due; Celery finds it through analytics/tasks.py."""

import logging

from celery import shared_task
from django.utils import timezone

from analytics.peers.operations import publish
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def publish_peers() -> None:
    """Publishes the week that is due; on most nights there is none. Twice does no harm."""
    done = publish(timezone.localtime(utc(now_ms())))
    if done.reason:
        logger.info("peers of the week from %s: nothing published, %s", done.week, done.reason)
    else:
        logger.info("peers of the week from %s: %d stores, %d figures", done.week, done.stores, done.figures)
