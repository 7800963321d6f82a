"""Registers the retailers' dashboards, and their entry in the portal's frame."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from portal.navigation import NavigationEntry, register
        from portal.rights import Right

        register(NavigationEntry("Sales", "sales-overview", Right.SEE_FIGURES, 10))
