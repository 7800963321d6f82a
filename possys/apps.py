"""Registers the project package itself, for its system checks, its commands and shared templates."""

from django.apps import AppConfig
from django.conf import settings


class PossysConfig(AppConfig):
    name = "possys"

    def ready(self) -> None:
        from possys import checks, messages, metrics, tracing  # noqa: F401 - importing registers the checks
        from possys.process_metrics import build_metrics, pulse_metrics

        metrics.register("build", build_metrics)
        metrics.register("pulse", pulse_metrics)

        tracing.switch_on()
        if settings.LOCAL_WORK:
            # A deployment does it once, when it is installed; a developer would forget it after each change.
            messages.compile_stale()
