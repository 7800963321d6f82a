"""Registers the findings: what is odd about a till, and what people said about it."""

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    name = "findings"

    def ready(self) -> None:
        from findings.home import register_cards
        from findings.metrics import finding_metrics
        from portal.navigation import NavigationEntry, register
        from portal.rights import Right
        from possys import metrics

        register(NavigationEntry("Findings", "findings-home", Right.SEE_TILLS, 45))
        register_cards()
        metrics.register("findings", finding_metrics, needs_database=True)
