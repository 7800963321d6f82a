"""`manage.py fill_corrections`: writes what was taken back in the blocks of a ledger that is older than the table."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ledger.filling import fill
from ledger.management.progress import ProgressLine


class Command(BaseCommand):
    help = (
        "Reads every block and adds the row of each refund and void that has none yet, as the tables' owner. "
        "Sales go on meanwhile; run again it adds nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        line = ProgressLine(self.stdout)
        try:
            done = fill(lambda read, total: line("read", read, total))
        except DatabaseError as fault:
            raise CommandError(f"{fault}; what was added stays, run this again") from fault
        self.stdout.write(f"added {done.added:,} corrections")
        if done.unreadable:
            raise CommandError(
                f"{done.unreadable:,} blocks are missing or not as they were sealed, and were passed over; "
                "see manage.py verify_ledger"
            )
