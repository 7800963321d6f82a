"""`manage.py log_key`: shows, makes, changes and retires the keys that sign the log."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.log.key_file import KeyFileError, make_key
from ledger.log.keys import NoLogKeyError, log_keys
from ledger.log.notes import LOG_KEY
from ledger.log.rotation import retire, rotate


class Command(BaseCommand):
    help = "Without options: the public keys that the log names. Nothing ever prints a private key."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--new", metavar="NAME", help="make a first key of that name (as receipts.example/log) into --file"
        )
        what.add_argument("--rotate", action="store_true", help="make a new key, name it in the log, sign with both")
        what.add_argument("--retire", action="store_true", help="take the older keys out of LOG_KEY_FILE")
        parser.add_argument("--file", type=Path, help="the new file, with --new")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write("\n".join(_done(options)))
        except (KeyFileError, NoLogKeyError) as fault:
            raise CommandError(str(fault)) from fault


def _done(options: dict[str, Any]) -> list[str]:
    if options["new"]:
        if options["file"] is None:
            raise KeyFileError("name the new file with --file")
        return [
            f"public key, to be told to everybody: {make_key(options['new'], LOG_KEY, options['file']).verifier.vkey}"
        ]
    if options["rotate"]:
        checkpoint = rotate()
        return [f"both keys signed {checkpoint.size} leaves" if checkpoint else "named; the next checkpoint has both"]
    if options["retire"]:
        return [f"retired {vkey}" for vkey in retire()] or ["there was no older key"]
    return [f"{key.verifier.vkey} (leaf {key.leaf_index}, {key.at})" for key in log_keys()] or [
        "nothing was signed yet"
    ]
