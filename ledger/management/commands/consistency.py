"""`manage.py consistency OLD NEW`: the proof that one signed checkpoint continues another, as JSON."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.proofs import NoCheckpointError, prove_consistency


class Command(BaseCommand):
    help = "Prints the consistency proof between two checkpoints, by their sizes; possys_verify.py checks it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("old", type=int, help="the older checkpoint's size")
        parser.add_argument("new", type=int, help="the newer checkpoint's size")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            proof = prove_consistency(options["old"], options["new"])
        except NoCheckpointError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(json.dumps(asdict(proof), indent=1))
