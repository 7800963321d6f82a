"""Celery tasks of the watches: ticks on the queue `mail`, whose worker has the web's role.

A lost or doubled one is harmless. The queue is their own, because a mail server that does not answer must not keep the
ticks waiting that mend the flush.
"""

import logging

from celery import shared_task

from possys.clock import now_ms, utc
from receipts.watches import operations, sending, telling

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def send_mails() -> None:
    """Sends what waits in the outbox."""
    run = sending.send_due(lambda: utc(now_ms()))
    if run.sent or run.put_off or run.failed:
        logger.info("mails: %d sent, %d put off, %d given up", run.sent, run.put_off, run.failed)


@shared_task(ignore_result=True)
def look_for_corrections() -> None:
    """Writes mails for new refunds and voids of watched receipts."""
    telling.look_at_recent(utc(now_ms()))


@shared_task(ignore_result=True)
def look_for_all_corrections() -> None:
    """The same, and whatever the quick look could not see."""
    if written := telling.look_at_all(utc(now_ms())):
        logger.info("%d mails written that the quick look had not seen", written)


@shared_task(ignore_result=True)
def purge_watches() -> None:
    """Forgets watches that were not confirmed or are too old."""
    if gone := operations.purge(utc(now_ms())):
        logger.info("%d watches forgotten", gone)
