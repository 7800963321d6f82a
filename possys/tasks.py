"""What Django itself needs now and then."""

from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task(ignore_result=True)
def clear_sessions() -> None:
    """Deletes sessions that have ended: a row stays for each login otherwise."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
