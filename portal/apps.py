"""Registers the retailers' portal."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal.queries import must_have_second_factor
        from possys.accounts import second_factor

        second_factor.add_rule(must_have_second_factor)
