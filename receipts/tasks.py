"""Where Celery looks for the customer site's tasks; each part has its own."""

from receipts.cases.tasks import mail_address, purge_cases

__all__ = ["mail_address", "purge_cases"]
