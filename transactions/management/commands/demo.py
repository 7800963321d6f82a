"""Creates the demo registry and logins, and prints what a person needs to try the system."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transactions import demo
from transactions.authentication import mint_terminal_token
from transactions.replay.counter import curl_line
from transactions.replay.source import SourceMissingError


class Command(BaseCommand):
    """`manage.py demo [--json]`; running it again changes nothing but the demo logins' passwords."""

    help = "Create the demo retailers, stores, terminals and (in local work) logins; print how to send a sale."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
        parser.add_argument("--url", default=settings.SITE_URL, help="where the curl line sends the sale")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            terminals = demo.ensure_registry()
        except SourceMissingError as fault:
            raise CommandError(str(fault)) from fault
        counter = demo.counter_terminal()
        token = mint_terminal_token(counter.number, counter.key_version)
        made = {
            "terminals": terminals,
            "logins": [login._asdict() for login in demo.demo_logins()],
            "terminal": counter.number,
            "token": token,
            "curl": curl_line(url=options["url"], terminal=counter.number, token=token),
        }
        self.stdout.write(json.dumps(made) if options["json"] else as_text(made))


def as_text(made: dict[str, Any]) -> str:
    """The same as the JSON, for people."""
    logins = [f"  {login['username']} / {login['password']}  ({login['role']})" for login in made["logins"]]
    return "\n".join(
        [
            f"Demo registry: {made['terminals']} terminals.",
            "Logins for /admin/ (new passwords each time):" if logins else "No logins: these are not local settings.",
            *logins,
            f"Terminal {made['terminal']}, token {made['token']}",
            "Send a sale:",
            made["curl"],
        ]
    )
