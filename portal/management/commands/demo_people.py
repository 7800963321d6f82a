"""`manage.py demo_people`: logins of demo retailers' people, for local work."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.demo import demo_people


class Command(BaseCommand):
    """After `manage.py demo`; running it again changes the logins' password."""

    help = "Create (in local work) logins of the demo retailers' people; print them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        logins = demo_people()
        if options["json"]:
            self.stdout.write(json.dumps({"logins": [login._asdict() for login in logins]}))
        else:
            self.stdout.write("Logins for /portal/:" if logins else "No logins: no local settings, or no demo.")
            for login in logins:
                self.stdout.write(f"  {login.username} / {login.password}  ({login.role})")
