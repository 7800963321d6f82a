"""`manage.py soundness`: is the ledger sound, and as of when? Exit code 1 when attention is needed."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger.evidence import soundness
from ledger.soundness import Verdict
from ledger.soundness_text import as_json, as_text


class Command(BaseCommand):
    help = "Says whether the ledger is sound as of when, and what to do about every alarm."
    # What the checks refuse (a witness that cannot be read) must not keep the verdict from being seen.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = soundness()
        self.stdout.write(json.dumps(as_json(found)) if options["json"] else as_text(found))
        if found.verdict is Verdict.ATTENTION:
            raise SystemExit(1)
