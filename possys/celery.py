"""The Celery application: it carries ticks that name work, never the sales themselves."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from possys import stopping  # noqa: F401 - importing connects it to the worker's signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")

app = Celery("possys")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def look_at_settings(**kwargs: Any) -> None:
    """Workers and Beat refuse unsafe settings as the web does."""
    from possys.startup import refuse_unsafe_settings

    refuse_unsafe_settings()
