"""The Celery application: it carries ticks that name work, never the sales themselves."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")

app = Celery("possys")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
