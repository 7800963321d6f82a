"""`manage.py backup --to DIR`: a checked copy of PostgreSQL, and what is older than the kept ones goes."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.backups.models import BackupRun
from ledger.backups.operations import note
from ledger.backups.programs import BackupError
from ledger.backups.taking import clean_wal, remove_older, take
from possys.clock import now_ms, utc

KEEP = 2


class Command(BaseCommand):
    help = (
        "Copies PostgreSQL while it works (pg_basebackup), checks the copy (pg_verifybackup), keeps the newest whole "
        "ones and removes what is older, with --wal also the WAL that none of them needs. Exit code 1: no new backup."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder of backups")
        parser.add_argument(
            "--wal", type=Path, metavar="DIR", help="where the WAL is kept; what nobody needs is removed"
        )
        parser.add_argument("--keep", type=int, default=KEEP, help=f"whole backups that stay ({KEEP})")
        parser.add_argument(
            "--incremental", action="store_true", help="only what changed since the last one (summarize_wal = on)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError("--keep: one at least")
        started, begun_s = utc(now_ms()), time.monotonic()
        try:
            made = take(options["to"], incremental=options["incremental"], say=self.stdout.write)
            said = f"{made.facts.name}: {made.facts.bytes:,} bytes in {time.monotonic() - begun_s:.1f} s"
            self.stdout.write(said)
            for name in remove_older(options["to"], options["keep"]):
                self.stdout.write(f"removed {name}")
            if options["wal"]:
                removed = clean_wal(options["to"], options["wal"])
                self.stdout.write(f"removed {removed} files of WAL that no backup needs")
        except (BackupError, DatabaseError, OSError) as fault:
            note(BackupRun.Kind.BACKUP, started_at=started, is_well=False, said=str(fault))
            raise CommandError(str(fault)) from fault
        note(
            BackupRun.Kind.BACKUP,
            started_at=started,
            is_well=True,
            name=made.facts.name,
            size=made.facts.bytes,
            said=said,
        )
