"""Second factors at the server: who has one, a link to set one up, taking a lost one off."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from possys.accounts import enrolment_links, second_factor
from possys.accounts.models import User


class Command(BaseCommand):
    help = "Shows who of the staff has a second factor; makes a link to set one up; takes a lost one off."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list", help="Staff, and whether they have one.")
        link = what.add_parser("link", help="Prints a link with which a person sets up their first authenticator.")
        remove = what.add_parser("remove", help="Takes a lost one off; then make a link.")
        for step in (link, remove):
            step.add_argument("name", help="The login's name.")
        link.add_argument("--reason", default="at the server")
        remove.add_argument("--reason", required=True, help="It is kept for good. Name no private person in it.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Does it. Raises CommandError."""
        if options["what"] == "list":
            for one in User.objects.filter(is_staff=True, is_active=True).order_by("username"):
                has = "set up" if second_factor.authenticator_of(one) else "none"
                self.stdout.write(f"{one.get_username():40} {has}, {second_factor.codes_left(one)} recovery codes")
            return
        user = User.objects.filter(username=options["name"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['name']}.")
        if options["what"] == "link":
            self._link(user, options["reason"])
        elif not second_factor.remove(user, done_by=None, reason=options["reason"]):
            raise CommandError(f"{user} has no second factor.")
        else:
            self.stdout.write(f"The second factor of {user} is off, and all their sessions have ended.")

    def _link(self, user: User, reason: str) -> None:
        if second_factor.authenticator_of(user) is not None:
            raise CommandError(f"{user} has a second factor: take it off first, with `second_factor remove`.")
        second_factor.keep_link_made(user, done_by=None, reason=reason)
        self.stdout.write(enrolment_links.link(user))
        self.stderr.write("Good once and for some days; it also asks for the password. Hand it over in person.")
