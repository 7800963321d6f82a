"""`manage.py reconcile FILE`: was everything that was acknowledged recorded, once and unchanged?"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.flush import flush_all
from ledger.reconcile import reconcile
from ledger.shards import ALL_SHARDS


class Command(BaseCommand):
    help = "Holds the replay's files of acknowledged sales against the ledger, and checks every block."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, help="files written by manage.py replay")
        parser.add_argument("--flush", action="store_true", help="first flush what still waits")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["flush"]:
            flush_all(ALL_SHARDS)
        try:
            verdict = reconcile(options["files"])
        except (ValueError, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(
            f"acknowledged {verdict.acknowledged}: found {verdict.found}, missing {len(verdict.missing)}, "
            f"changed {len(verdict.changed)}, doubled {len(verdict.doubled)}\n"
            f"never answered {verdict.unknown}: {verdict.unknown_recorded} of them recorded\n"
            f"ledger: {verdict.records} records in {verdict.blocks} blocks, {verdict.marked} marked, "
            f"{len(verdict.broken)} faults"
        )
        for line in verdict.faults():
            self.stderr.write(line)
        if not verdict.is_well:
            raise CommandError("the ledger does not agree with what was acknowledged")
