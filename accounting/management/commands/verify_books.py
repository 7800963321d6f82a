"""`manage.py verify_books`: are all closes as they were made, and are they what the ledger and the journal say?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounting.days.verification import verify


class Command(BaseCommand):
    help = "Reads every close of a fiscal day again and names each that is not as it was made, fed or posted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retailer", type=int, metavar="N", help="only this retailer's stores")

    def handle(self, *args: Any, **options: Any) -> None:
        done = verify(options["retailer"], self.stderr.write)
        self.stdout.write(done.summary())
        if done.faults:
            self.stderr.write("After a rebuild of fiscal-days, manage.py close_days --again makes up the differences.")
            raise SystemExit(1)
