"""Registers capture, its word on whether sales are taken, its metrics, its cards for staff and who searches it."""

from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"

    def ready(self) -> None:
        from possys import health, metrics
        from transactions import home, searching
        from transactions.metrics import fleet_metrics, store_metrics
        from transactions.readiness import STORE_AWAY, look_at_stores

        health.register("capture-store", look_at_stores, is_needed=True, do=STORE_AWAY)
        metrics.register("capture-store", store_metrics)
        metrics.register("fleet", fleet_metrics, needs_database=True)
        home.register_cards()
        searching.register_lookers()
