"""Registers the public status page, and what it counts on the admin's first page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatusConfig(AppConfig):
    name = "status"

    def ready(self) -> None:
        from receipts import site_navigation
        from status.home import register_cards

        site_navigation.register_footer(_("Is the system taking sales?"), "status", rank=10)
        register_cards()
