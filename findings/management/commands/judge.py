"""`manage.py judge`: judges tills now, as the server does by itself every minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.judging import KINDS, judge_all, look_again
from possys.clock import now_ms, utc


class Command(BaseCommand):
    """Sweeps that are due, to their end. Again at once it finds little to do."""

    help = "Judge what is odd about tills, and open and close findings."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which kinds, and whether all tills."""
        parser.add_argument("--kind", choices=KINDS, action="append", help="this kind alone; may be repeated")
        parser.add_argument(
            "--again", action="store_true", help="look at every till, as after a rebuild of findings that changed facts"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """One line a kind."""
        kinds = options["kind"] or list(KINDS)
        if options["again"]:
            look_again(kinds)
        for kind in kinds:
            done = judge_all(kind, utc(now_ms()))
            if done is None:
                raise CommandError("findings are being judged by another process: try again in a minute")
            self.stdout.write(f"{kind}: {done}")
