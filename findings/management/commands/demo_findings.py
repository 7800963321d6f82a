"""`manage.py demo_findings`: odd histories on invented tills, for local work; `make run` calls it."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from findings.demo import NotTakenError, make_findings
from portal.demo import LARGEST
from transactions.models import Retailer

# The exit code after which `make run` starts it again.
AGAIN = 75


class Command(BaseCommand):
    """Makes one store of oddities at the largest demo retailer. Again it changes nothing."""

    help = "Send the demo's odd histories, so that there are findings to look at (local work only)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """All tills of the store."""
        retailer = Retailer.objects.filter(name=LARGEST).first() if settings.LOCAL_WORK else None
        if retailer is None:
            self.stdout.write("nothing to do: these are not local settings, or the demo's retailers are missing")
            return
        try:
            taken = make_findings(retailer, self._say)
        except (OperationalError, InterfaceError, RedisError, NotTakenError) as fault:
            self.stderr.write(f"not all was taken: {fault}")
            sys.exit(AGAIN)
        self._say(f"{taken} receipts taken")

    def _say(self, text: str) -> None:
        """At once, for whoever follows the log."""
        self.stdout.write(text)
        self.stdout.flush()
