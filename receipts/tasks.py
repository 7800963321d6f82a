"""Where Celery looks for the customer site's tasks; those of each part are in its own folder."""

from receipts.cases import tasks as cases_tasks
from receipts.watches import tasks as watches_tasks

__all__ = ["cases_tasks", "watches_tasks"]
