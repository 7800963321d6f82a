"""`manage.py log_state`: what the checkpointer signed last, by its own file; `--adopt` replaces a lost one."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.log.adopting import AdoptionError, adopt
from ledger.log.state import StateError, read_state


class Command(BaseCommand):
    help = "Shows LOG_STATE_FILE. When it is lost, take the newest checkpoint that an outsider kept: --adopt FILE."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--adopt", type=Path, metavar="FILE", help="a checkpoint that a witness or mirror kept")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["adopt"]:
                adopt(options["adopt"].read_text())
            signed = read_state()
        except (AdoptionError, StateError, OSError) as fault:
            raise CommandError(str(fault)) from fault
        if signed is None:
            raise CommandError("nothing was signed yet, or LOG_STATE_FILE is lost")
        self.stdout.write(f"{signed.origin}: {signed.size} leaves, root {signed.root.hex()}")
