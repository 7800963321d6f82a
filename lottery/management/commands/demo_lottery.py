"""`manage.py demo_lottery`: a lottery to look at, for local work; `make run` calls it."""

import json
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from ledger.models import Head
from lottery import demo
from lottery.draws.errors import DrawError
from possys.clock import now_ms, utc

# Live sales alone bring so many within a minute; a draw of less has nothing to show.
RECORDS_MIN = 60
LOOK_EVERY_S = 1.0
# Of waiting for the log and the feed, after which it says what it waits for and gives up.
STEPS_MAX = 300
# The exit code after which `make run` starts it again.
AGAIN = 75


class Command(BaseCommand):
    """Waits for sales, then holds one draw and leaves another open. Again it changes nothing."""

    help = "Make the demo's draws, players and claims (local work only)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where sales go, and whether only the logins are wanted."""
        parser.add_argument("--url", default=settings.SITE_URL, help="the server (default: SITE_URL)")
        parser.add_argument("--logins", action="store_true", help="only make the two logins and print them")
        parser.add_argument("--json", action="store_true", help="print the logins as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Step by step, until draw 1 is published."""
        if options["logins"] or options["json"]:
            logins = [login._asdict() for login in demo.demo_staff()]
            self.stdout.write(json.dumps({"logins": logins}) if options["json"] else "\n".join(map(str, logins)))
            return
        try:
            self._make(options["url"])
        except (OperationalError, InterfaceError, OSError) as fault:
            self.stderr.write(f"a server is away: {fault}")
            sys.exit(AGAIN)

    def _make(self, url: str) -> None:
        if not demo.is_wanted():
            self.stdout.write("nothing to do: these are not local settings, or there are draws of somebody's own")
            return
        while sum(Head.objects.values_list("records", flat=True)) < RECORDS_MIN:
            time.sleep(LOOK_EVERY_S)
        demo.open_second(utc(now_ms()))
        demo.make_ring(lambda: utc(now_ms()))
        demo.open_first(utc(now_ms()))
        demo.take_part(lambda: utc(now_ms()), url)
        self._go_on()
        self.stdout.write("draw 1 is published, draw 2 is open, draw 3 is a draft")

    def _go_on(self) -> None:
        waits = ""
        for _ in range(STEPS_MAX):
            try:
                if not demo.go_on(utc(now_ms())):
                    return
            except DrawError as fault:
                waits = str(fault)
            time.sleep(LOOK_EVERY_S)
        raise CommandError(f"draw 1 is not held: {waits}")
