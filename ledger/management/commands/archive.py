"""`manage.py archive --before DAY`: moves the blocks of past days into files."""

import sqlite3
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.archive.checking import NotSignedError, PackDamagedError
from ledger.archive.lock import ArchiveBusyError
from ledger.archive.moving import ArchiveRefusedError, DayPlan, archive_day, plan_before
from ledger.log.appending import LogMovedError
from ledger.management.progress import ProgressLine

REFUSALS = (ArchiveRefusedError, ArchiveBusyError, NotSignedError, PackDamagedError, LogMovedError)


class Command(BaseCommand):
    help = (
        "Moves the blocks sealed before DAY into a file a day in ARCHIVE_DIR, each block checked against the log "
        "before it is dropped. Receipts and proofs are found as before. Killed, it is completed by running it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", type=date.fromisoformat, required=True, metavar="DAY", help="2026-11-23")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be moved")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plans = plan_before(options["before"])
        except (ArchiveRefusedError, DatabaseError) as fault:
            raise CommandError(str(fault)) from fault
        stayed = 0
        for plan in plans:
            self.stdout.write(_said(plan))
            if not options["dry_run"]:
                stayed += not self._move(plan)
        if not plans:
            self.stdout.write("there is no day to move")
        if stayed:
            raise CommandError(f"{stayed} of {len(plans)} days were not moved")

    def _move(self, plan: DayPlan) -> bool:
        """Whether it was moved: a day that is damaged does not keep the others here."""
        try:
            moved = archive_day(plan.day, ProgressLine(self.stdout))
        except (*REFUSALS, DatabaseError, sqlite3.Error, OSError) as fault:
            self.stderr.write(f"  not moved: {fault}")
            return False
        if moved is None:
            self.stdout.write("  its empty partition was dropped")
        else:
            self.stdout.write(f"  moved into {moved.file_name}, {moved.bytes:,} bytes; the log says so")
        return True


def _said(plan: DayPlan) -> str:
    unsigned = plan.blocks - plan.signed
    tail = f"; {unsigned:,} are not signed yet" if unsigned else ""
    return f"{plan.day}: {plan.blocks:,} blocks, {plan.records:,} records, {plan.bytes:,} bytes{tail}"
