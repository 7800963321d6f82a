"""`manage.py demo_books`: what people enter into the books, for local work; `make run` calls it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError

from accounting.demo import make_books
from portal.demo import demo_shops
from possys.clock import now_ms, utc

# The exit code after which `make run` starts it again.
AGAIN = 75


class Command(BaseCommand):
    """Makes the books of the demo's retailers. Again it changes nothing."""

    help = "Make the demo's cash-ups, entries and till totals (local work only)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """One retailer after the other."""
        try:
            shops = demo_shops()
            for shop in shops:
                make_books(shop, utc(now_ms()), self.stdout.write)
        except (OperationalError, InterfaceError) as fault:
            self.stderr.write(f"a server is away: {fault}")
            sys.exit(AGAIN)
        if not shops:
            self.stdout.write("nothing to do: these are not local settings, or the demo's people are missing")
