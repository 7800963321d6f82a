"""`manage.py witness_key NAME --file F`: makes a witness's key and prints its public part."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.log.key_file import KeyFileError, make_key
from ledger.log.notes import WITNESS_KEY


class Command(BaseCommand):
    help = "Makes a new key for a witness in a new file (0600) and prints the public key, which the log pins."
    # A witness runs without this system's servers and secrets.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the witness's name, such as witness.example.org/1")
        parser.add_argument("--file", type=Path, required=True, help="the new file for the private key")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            signer = make_key(options["name"], WITNESS_KEY, options["file"])
        except KeyFileError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(signer.verifier.vkey)
