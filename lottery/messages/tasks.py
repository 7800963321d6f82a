"""Celery tasks of the lottery's outbox, on the queue `mail`; one for each channel."""

import logging

from celery import shared_task

from lottery.messages import sending
from possys.clock import now_ms, utc
from possys.outbox import Run

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def send_mails() -> None:
    """Sends the lottery's mails."""
    _say("mails", sending.send_mails(lambda: utc(now_ms())))


@shared_task(ignore_result=True)
def send_text_messages() -> None:
    """Sends the lottery's text messages."""
    _say("text messages", sending.send_text_messages(lambda: utc(now_ms())))


def _say(what: str, run: Run) -> None:
    if run.sent or run.put_off or run.failed:
        logger.info("%s of the lottery: %d sent, %d put off, %d given up", what, run.sent, run.put_off, run.failed)
