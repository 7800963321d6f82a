"""Registers the lottery, and what the site's header leads to."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LotteryConfig(AppConfig):
    name = "lottery"

    def ready(self) -> None:
        from lottery.entries.offering import is_offered
        from receipts import next_steps, site_navigation

        site_navigation.register(_("Lottery"), "lottery-home", rank=10)
        site_navigation.register(_("Results"), "lottery-results", rank=11)
        next_steps.register(next_steps.NextStep(_("Take part in the lottery"), "lottery-enter", is_offered))
