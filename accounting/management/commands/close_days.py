"""`manage.py close_days`: closes the fiscal days that are due now, as the server does by itself every few minutes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounting.days.due import close_due, look_again
from possys.clock import now_ms, utc


class Command(BaseCommand):
    help = "Closes the fiscal days that are due; what came later makes supplements."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--again", action="store_true", help="compare every day of all history, as after a rebuild of fiscal-days"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["again"]:
            look_again()
        total = 0
        while done := close_due(utc(now_ms())):
            total += done
        self.stdout.write(f"{total:,} days of stores closed")
