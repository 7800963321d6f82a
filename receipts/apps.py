"""Registers the customer's site, and its metrics."""

from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "receipts"

    def ready(self) -> None:
        from possys import metrics
        from receipts.watches.metrics import mail_metrics

        metrics.register("mail", mail_metrics, needs_database=True)
