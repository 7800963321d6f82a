"""Celery tasks of the customer's site: those of each part are written in its own folder; Celery finds them here."""

from receipts.watches import tasks as _watches  # noqa: F401 - importing registers them
