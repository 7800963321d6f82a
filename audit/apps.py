"""Registers the audit log: what it hears of the admin and of sign-ins."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit log"

    def ready(self) -> None:
        """From here on the admin's own log and Django's sign-ins are heard."""
        from audit import admin_hook, sign_ins

        admin_hook.install()
        sign_ins.listen()
