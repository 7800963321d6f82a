"""Where Celery looks for bookkeeping's tasks; those of each part are in its own folder."""

from accounting.days import tasks as days_tasks

__all__ = ["days_tasks"]
