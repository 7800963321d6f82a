"""`manage.py end_sessions`: signs a person, or everybody, out everywhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from possys.accounts import session_list
from possys.accounts.models import User


class Command(BaseCommand):
    help = "Ends all sessions of a person, or of everybody; they may sign in again. API keys stay."

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("name", nargs="?", help="The login's name.")
        who.add_argument("--everybody", action="store_true", help="Staff and retailers' people, all of them.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Does it. Raises CommandError."""
        if options["everybody"]:
            self.stdout.write(f"{session_list.end_everybodys()} sessions ended.")
            return
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['name']}.")
        self.stdout.write(f"{session_list.end_all(user)} sessions of {user} ended.")
