"""Writes the status page into one file that needs nothing else, so that a second place can serve it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from status.copying import write_copy


class Command(BaseCommand):
    """The page as it is now, styles included; run it every minute where the site runs, and send the file elsewhere."""

    help = "Writes the public status page into one file, for a second place that serves it when this one is down."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and in which language."""
        parser.add_argument("--to", type=Path, required=True, help="the file to write; JSON when it ends in .json")
        parser.add_argument("--language", default="en", help="en, cs, de or sr-latn")

    def handle(self, *args: Any, **options: Any) -> None:
        """Writes it, whole or not at all."""
        size = write_copy(options["to"], options["language"])
        self.stdout.write(f"{options['to']}: {size:,} bytes")
