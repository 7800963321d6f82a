"""`manage.py witness`: runs a witness. It needs neither PostgreSQL nor Valkey, only its key and its state file."""

import sqlite3
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.log.key_file import KeyFileError
from ledger.log.notes import NoteError
from ledger.witness.app import WitnessApp
from ledger.witness.key_file import read_key
from ledger.witness.logs import read_logs
from ledger.witness.serving import WitnessServer
from ledger.witness.state import StateFile
from possys.clock import MS_PER_S, now_ms


class Command(BaseCommand):
    help = "Cosigns a log's checkpoints over HTTP (c2sp.org/tlog-witness) as long as nothing in the log changes."
    # A witness runs without this system's servers and secrets.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--key-file", type=Path, required=True, help="made by manage.py witness_key")
        parser.add_argument("--state", type=Path, required=True, help="the SQLite file of what was cosigned")
        parser.add_argument("--log", action="append", required=True, help="a log's public key (may be repeated)")
        parser.add_argument("--bind", default="127.0.0.1:8090", help="HOST:PORT to listen on (127.0.0.1:8090)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            signer, logs = read_key(options["key_file"]), read_logs(options["log"])
        except (KeyFileError, NoteError) as fault:
            raise CommandError(str(fault)) from fault
        folder = options["state"].parent
        if not folder.is_dir():
            raise CommandError(f"there is no folder {folder} for the state file: make it first (docs/witness.md)")
        try:
            state = StateFile(options["state"])
        except sqlite3.Error as fault:
            raise CommandError(f"{options['state']} cannot be used as the state file: {fault}") from fault
        app = WitnessApp(signer, logs, state, now_s=lambda: now_ms() // MS_PER_S)
        if state.is_new:
            self.stderr.write(
                f"{state.path} is new: this witness remembers nothing. If its key has cosigned before, stop it now and "
                "go on with the old file or with a new key under a new name (docs/witness.md)."
            )
        self.stdout.write(app.description())
        self.stdout.flush()
        WitnessServer(app, options["bind"]).run()
