"""`manage.py keep_days`: what the ledger's days need each night. Days ahead, frozen ones, archived ones."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ledger.archive.policy import days_due, due_before
from ledger.partitions import make_days_ahead
from ledger.settling import settle_days
from ledger.shards import databases
from ledger.tasks import DAYS_AHEAD
from possys.clock import now_ms, utc


class Command(BaseCommand):
    help = (
        "Makes the coming days, freezes those that are over, and moves those older than ARCHIVE_AFTER_DAYS into the "
        "archive. For a timer, with the owner's rights. Run again, it goes on; exit code 1 when something was left."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        today = utc(now_ms()).date()
        try:
            made = make_days_ahead(today, ahead=DAYS_AHEAD)
            frozen = sum(settle_days(alias, today, self.stdout.write) for alias in databases())
            due = days_due(today)
        except DatabaseError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"made {made} partitions, froze {frozen}; {len(due)} days are to be archived")
        if due:
            call_command("archive", before=due_before(today), stdout=self.stdout, stderr=self.stderr)
