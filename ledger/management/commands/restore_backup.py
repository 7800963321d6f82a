"""`manage.py restore_backup --from DIR --into DATA`: a data folder that PostgreSQL rolls forward when it is started."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.backups.programs import BackupError
from ledger.backups.restoring import ask_for_recovery, choose, recovery_settings, restore
from ledger.management.moments import moment


class Command(BaseCommand):
    help = (
        "Writes the newest backup (or the newest before --until, or --backup) into an empty data folder and has the "
        "next start of PostgreSQL there roll it forward with the kept WAL. Needs no database. Starts nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="folder", type=Path, required=True, metavar="DIR", help="folder of backups")
        parser.add_argument("--into", type=Path, required=True, metavar="DATA", help="an empty folder, or none yet")
        parser.add_argument("--wal", type=Path, metavar="DIR", help="where the WAL is kept")
        parser.add_argument("--until", type=moment, metavar="TIME", help="not to the end, but to this moment (UTC)")
        parser.add_argument("--backup", metavar="NAME", help="this backup")

    def handle(self, *args: Any, **options: Any) -> None:
        begun_s = time.monotonic()
        try:
            chosen = choose(options["folder"], name=options["backup"], until=options["until"])
            restore(chosen, options["into"])
            ask_for_recovery(options["into"], recovery_settings(options["wal"], options["until"]))
        except (BackupError, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(
            f"{chosen.facts.name} is in {options['into']}, after {time.monotonic() - begun_s:.1f} s.\n"
            "Give it to PostgreSQL's user and start PostgreSQL there: it rolls forward, then takes connections. While "
            "synchronous_standby_names is set, commits wait until the WAL's receiver is back (docs/backup.md)."
        )
