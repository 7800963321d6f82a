"""`manage.py health`: is everything flowing? Exit code 1 when somebody must look at something."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger.glance import glance


class Command(BaseCommand):
    help = "Shows the stores, the backlog, checkpoints, workers and services, and whatever is stopped, late or away."
    # At 3 a.m. it answers also where a setting is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = glance()
        self.stdout.write(json.dumps(found.as_json()) if options["json"] else "\n".join(found.lines))
        if found.troubles:
            raise SystemExit(1)
