"""Registers the project package itself, for its system checks, its commands and shared templates."""

from django.apps import AppConfig
from django.conf import settings


class PossysConfig(AppConfig):
    name = "possys"

    def ready(self) -> None:
        # Importing registers the checks.
        from possys import checks, key_checks, messages, metrics, production_checks, tracing  # noqa: F401
        from possys.process_metrics import build_metrics, pulse_metrics

        metrics.register("build", build_metrics)
        metrics.register("pulse", pulse_metrics)
        tracing.switch_on()
        if settings.LOCAL_WORK:
            # A deployment does it once, when it is installed; a developer would forget it after each change.
            messages.compile_stale()
