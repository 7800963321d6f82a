"""manage.py enrol: tills in bulk from a CSV file, with a line of progress; killed, the same command goes on."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fleet.at_terminal import enrol_file
from fleet.models import STATUSES
from fleet.uploads import FileFault
from transactions.models import Life


class Command(BaseCommand):
    help = "Enrol tills from a CSV file; what is there already is left alone, and every faulty row is named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="its first line names the columns (docs/fleet.md)")
        parser.add_argument("--dry-run", action="store_true", help="only say what would become of each row")
        parser.add_argument(
            "--status", choices=[str(status) for status in STATUSES], default=str(Life.ENROLLED),
            help="of the new tills: enrolled ones wait for their code (default), active ones send by a gateway",
        )  # fmt: skip
        parser.add_argument(
            "--faults", type=Path, metavar="OUT", help="where faulty rows go (default: FILE.faults.csv)"
        )
        parser.add_argument("--results", type=Path, metavar="OUT", help="each row with its till's number")
        parser.add_argument("--codes", type=Path, metavar="OUT", help="a one-time enrolment code for each new till")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            faulty = enrol_file(
                options["file"],
                status=Life(options["status"]),
                is_dry_run=options["dry_run"],
                outputs={name: options[name] for name in ("faults", "results", "codes")},
                say=self.say,
            )
        except (FileFault, OSError) as fault:
            raise CommandError(str(fault)) from fault
        if faulty:
            raise CommandError(f"{faulty:,} rows are faulty; correct them in the file of faults and enrol that.")

    def say(self, text: str, is_last: bool = True) -> None:
        """One line; on a screen, progress is written over itself."""
        if self.stdout.isatty():
            self.stdout.write(f"\r\x1b[K{text}", ending="\n" if is_last else "")
            self.stdout.flush()
        elif is_last or os.environ.get("TERM") is None:
            self.stdout.write(text)
