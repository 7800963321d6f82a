"""Registers the project package itself, for its system checks and shared templates."""

from django.apps import AppConfig


class PossysConfig(AppConfig):
    name = "possys"

    def ready(self) -> None:
        from possys import checks  # noqa: F401 - importing registers the checks
