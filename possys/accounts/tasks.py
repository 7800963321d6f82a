"""Celery tasks of the accounts."""

from celery import shared_task

from possys import clock
from possys.accounts import lockout


@shared_task(ignore_result=True)
def purge_attempts() -> None:
    """Forgets old wrong tries of sign-ins."""
    lockout.purge(clock.utc(clock.now_ms()))
