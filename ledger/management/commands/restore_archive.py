"""`manage.py restore_archive DAY`: brings an archived day's blocks back from its file."""

import sqlite3
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.archive.checking import NotSignedError, PackDamagedError
from ledger.archive.lock import ArchiveBusyError
from ledger.archive.restoring import RestoreRefusedError, restore_day
from ledger.log.appending import LogMovedError
from ledger.management.progress import ProgressLine

REFUSALS = (RestoreRefusedError, ArchiveBusyError, NotSignedError, PackDamagedError, LogMovedError)


class Command(BaseCommand):
    help = "Checks the day's file against the log and brings its blocks back into PostgreSQL. The file stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", type=date.fromisoformat, metavar="DAY", help="2026-11-23")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            move = restore_day(options["day"], ProgressLine(self.stdout))
        except (*REFUSALS, DatabaseError, sqlite3.Error, OSError) as fault:
            raise CommandError(str(fault)) from fault
        if move is None:
            self.stdout.write(f"{options['day']} is in PostgreSQL already")
        else:
            self.stdout.write(f"{move.day}: {move.blocks:,} blocks, {move.records:,} records are back; the log says so")
