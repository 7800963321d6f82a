"""Registers the enrolment of tills in bulk and what retailers do about their own."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "fleet"

    def ready(self) -> None:
        from portal.navigation import NavigationEntry, register
        from portal.rights import Right

        register(NavigationEntry("Tills", "tills-home", Right.SEE_TILLS, 40))
