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
            for plan in plans:
                self.stdout.write(_said(plan))
                if not options["dry_run"]:
                    self._move(plan)
        except (*REFUSALS, DatabaseError, sqlite3.Error, OSError) as fault:
            raise CommandError(str(fault)) from fault
        if not plans:
            self.stdout.write("there is no day to move")

    def _move(self, plan: DayPlan) -> None:
        moved = archive_day(plan.day, self._progress)
        if moved is None:
            self.stdout.write("  its empty partition was dropped")
        else:
            self.stdout.write(f"  moved into {moved.file_name}, {moved.bytes:,} bytes; the log says so")

    def _progress(self, step: str, done: int, total: int) -> None:
        self.stdout.write(f"  {step} {done:,} of {total:,} blocks", ending="\r" if self.stdout.isatty() else "\n")
        self.stdout.flush()


def _said(plan: DayPlan) -> str:
    unsigned = plan.blocks - plan.signed
    tail = f"; {unsigned:,} are not signed yet" if unsigned else ""
    return f"{plan.day}: {plan.blocks:,} blocks, {plan.records:,} records, {plan.bytes:,} bytes{tail}"
