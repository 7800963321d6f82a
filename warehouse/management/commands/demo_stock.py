"""`manage.py demo_stock`: what people enter into stock, for local work; `make run` calls it."""

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from portal.demo import demo_shops
from possys.clock import now_ms, utc
from warehouse.demo import make_forecasts, make_stock

# The exit code after which `make run` starts it again.
AGAIN = 75


class Command(BaseCommand):
    """Makes the stock of the demo's retailers. Again it changes nothing."""

    help = "Make the demo's counts, deliveries, orders and forecasts (local work only)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """One retailer after the other."""
        try:
            shops = demo_shops()
            for shop in shops:
                make_stock(shop, utc(now_ms()), self._say)
            for shop in shops:
                make_forecasts(shop, _now, self._say)
        except (OperationalError, InterfaceError) as fault:
            self.stderr.write(f"a server is away: {fault}")
            sys.exit(AGAIN)
        if not shops:
            self.stdout.write("nothing to do: these are not local settings, or the demo's people are missing")

    def _say(self, text: str) -> None:
        """At once, for whoever follows the log."""
        self.stdout.write(text)
        self.stdout.flush()


def _now() -> datetime:
    return timezone.localtime(utc(now_ms()))
