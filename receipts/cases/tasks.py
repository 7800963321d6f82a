"""Celery tasks of the cases: mailing a case's address, and forgetting. Celery finds them through receipts/tasks.py.

The secret of a case's address waits in the broker until it is mailed, at most MAIL_EXPIRES_S.
"""

import logging
from smtplib import SMTPException
from typing import Any

from celery import shared_task

from possys.clock import now_ms, utc
from receipts.cases import mails, operations

logger = logging.getLogger(__name__)

# A mail that comes after a day helps nobody.
MAIL_EXPIRES_S = 24 * 3600
# After 1, 2, 4 ... minutes, in all about two hours: most mail servers are back by then.
MAIL_TRIES_MAX = 7
MAIL_RETRY_S = 60


@shared_task(ignore_result=True, bind=True, max_retries=MAIL_TRIES_MAX)
def mail_address(self: Any, case: int, secret: str, language: str | None) -> None:
    """Sends the customer the address of the case's page."""
    try:
        mails.mail_address(case, secret, language)
    except (SMTPException, OSError) as fault:
        logger.warning("the mail of case %d could not be sent: %s", case, fault)
        raise self.retry(exc=fault, countdown=MAIL_RETRY_S * 2**self.request.retries) from fault


@shared_task(ignore_result=True)
def purge_cases() -> None:
    """Forgets what closed cases need no longer."""
    stripped, deleted = operations.purge(utc(now_ms()))
    logger.info("of closed cases, %d photos and addresses and %d whole cases were deleted", stripped, deleted)
