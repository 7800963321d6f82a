"""`manage.py restore_drill --from DIR`: would the backups bring everything back? The exit code is the verdict."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.backups.drilling import drill
from ledger.backups.models import BackupRun
from ledger.backups.operations import note
from ledger.backups.programs import BackupError
from ledger.management.moments import moment
from possys.clock import now_ms, utc

LIMIT_HOURS = 12.0


class Command(BaseCommand):
    help = (
        "Restores the newest backup into a scratch folder beside the running system, rolls it forward with the kept "
        "WAL, reads the whole ledger again, and says what the capture store would fill up. Changes nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="folder", type=Path, required=True, metavar="DIR", help="folder of backups")
        parser.add_argument("--wal", type=Path, metavar="DIR", help="where the WAL is kept")
        parser.add_argument("--until", type=moment, metavar="TIME", help="not to the end, but to this moment (UTC)")
        parser.add_argument("--scratch", type=Path, metavar="DIR", help="a folder with room for a copy of the database")
        parser.add_argument("--limit-hours", type=float, default=LIMIT_HOURS, help="how long rolling forward may take")

    def handle(self, *args: Any, **options: Any) -> None:
        started: datetime = utc(now_ms()).astimezone(UTC)
        try:
            # Other users may pass through, as PostgreSQL's own must when root runs the drill.
            scratch = Path(tempfile.mkdtemp(prefix="possys-drill-", dir=options["scratch"]))
            done = drill(
                options["folder"],
                wal=options["wal"],
                scratch=scratch,
                until=options["until"],
                limit_s=options["limit_hours"] * 3600,
                say=self.stdout.write,
            )
        except (BackupError, DatabaseError, OSError) as fault:
            note(BackupRun.Kind.DRILL, started_at=started, is_well=False, said=str(fault))
            raise CommandError(str(fault)) from fault
        name, said = done.backup.facts.name, "\n".join(done.lines)
        note(BackupRun.Kind.DRILL, started_at=started, is_well=done.is_well, name=name, size=done.bytes, said=said)
        if not done.is_well:
            raise SystemExit(1)
