"""Registers the ledger, its word on sales that capture's store has forgotten, and its metrics."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger import checks, role_checks  # noqa: F401 - registers them
        from ledger.archive.metrics import archive_metrics
        from ledger.backups.metrics import backup_metrics
        from ledger.consumers import discover
        from ledger.database_metrics import database_metrics
        from ledger.feeding.metrics import feed_metrics
        from ledger.home import register_cards
        from ledger.metrics import ledger_metrics
        from ledger.originals import original_or_away
        from ledger.queries import past_or_away
        from ledger.searching import register_looker
        from ledger.worker_metrics import worker_metrics
        from possys import metrics
        from transactions.capture import register_past
        from transactions.taking_back import register_originals

        register_past(past_or_away)
        register_originals(original_or_away)
        register_cards()
        register_looker()
        metrics.register("ledger", ledger_metrics, needs_database=True)
        metrics.register("feed", feed_metrics, needs_database=True)
        metrics.register("archive", archive_metrics, needs_database=True)
        metrics.register("backups", backup_metrics, needs_database=True)
        metrics.register("database", database_metrics, needs_database=True)
        metrics.register("workers", worker_metrics)
        discover()
