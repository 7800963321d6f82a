"""Celery tasks of the portal: its mails."""

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from celery import shared_task

from portal import mails

logger = logging.getLogger(__name__)

# After 1, 2, 4 ... minutes, in all about two hours: most mail servers are back by then.
TRIES_MAX = 7
RETRY_S = 60


@shared_task(ignore_result=True, bind=True, max_retries=TRIES_MAX)
def mail_reset(self: Any, address: str) -> None:
    """Sends the link to set a password to whoever has the address."""
    _send(self, lambda: mails.send_reset(address))


@shared_task(ignore_result=True, bind=True, max_retries=TRIES_MAX)
def mail_invitation(self: Any, membership: int) -> None:
    """Tells a member that they get in."""
    _send(self, lambda: mails.send_invitation(membership))


@shared_task(ignore_result=True, bind=True, max_retries=TRIES_MAX)
def mail_factor_link(self: Any, user: int) -> None:
    """Sends a member the link to set up an authenticator."""
    _send(self, lambda: mails.send_factor_link(user))


def _send(task: Any, send: Callable[[], None]) -> None:
    try:
        send()
    except (SMTPException, OSError) as fault:
        logger.warning("a mail of the portal could not be sent: %s", fault)
        raise task.retry(exc=fault, countdown=RETRY_S * 2**task.request.retries) from fault
