"""`manage.py feed_token [NAME]`: tokens of services that read the feed over HTTP."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.feeding.models import FeedToken
from ledger.feeding.tokens import TokenRefusedError, issue, revoke
from possys.clock import now_ms, utc


class Command(BaseCommand):
    help = (
        "Issues a token of the feed for the service NAME and shows it once; --revoke ends it; without NAME, lists all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="lower-case letters, digits and hyphens")
        parser.add_argument("--revoke", action="store_true", help="the service's token is refused from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        name, moment = options["name"], utc(now_ms())
        if name is None:
            if options["revoke"]:
                raise CommandError("whose token? manage.py feed_token NAME --revoke")
            for token in FeedToken.objects.all():
                self.stdout.write(_line(token))
            return
        try:
            if options["revoke"]:
                revoke(name, moment)
                self.stdout.write(f"the token of {name} is refused from now on")
            else:
                self.stdout.write(issue(name, moment))
        except TokenRefusedError as fault:
            raise CommandError(str(fault)) from fault


def _line(token: FeedToken) -> str:
    ended = "" if token.revoked_at is None else f", revoked {token.revoked_at:%Y-%m-%d %H:%M} UTC"
    used = "never used" if token.last_used_on is None else f"last used on {token.last_used_on}"
    return f"{token.name}: issued {token.created_at:%Y-%m-%d %H:%M} UTC, {used}{ended}"
