"""Registers the lottery, and what the site's header leads to."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LotteryConfig(AppConfig):
    name = "lottery"

    def ready(self) -> None:
        from receipts import site_navigation

        site_navigation.register(_("Lottery"), "lottery-home", rank=10)
