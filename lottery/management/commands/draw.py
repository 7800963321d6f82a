"""`manage.py draw`: the step that is due of a draw, by hand; with the beacon's answer where there is no network."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lottery.draws.beacon import BeaconError, address_of, read_answer
from lottery.draws.errors import DrawError
from lottery.draws.models import Draw
from lottery.draws.operations import draw_winners, freeze, round_of, seed_time
from possys.clock import now_ms, utc


class Command(BaseCommand):
    """Freezes an open draw whose time has come, or draws a frozen one whose seed exists."""

    help = "Freezes or draws a draw, whichever is due; people approve the result in the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """The draw, and the beacon's answer."""
        parser.add_argument("number", type=int, help="the draw's number")
        parser.add_argument(
            "--beacon", metavar="FILE", help="the beacon's answer for the draw's round, as drand gives it; - for stdin"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One step."""
        draw = Draw.objects.filter(number=options["number"]).first()
        if draw is None:
            raise CommandError(f"There is no draw {options['number']}.")
        now = utc(now_ms())
        try:
            if draw.state == Draw.State.FROZEN:
                text = _read(options["beacon"])
                done = draw_winners(draw, now, read_answer(text) if text else None)
                self.stdout.write(f"{done} is drawn. Two people approve the result in the admin, then it is published.")
            else:
                done = freeze(draw, now)
                root = bytes(done.root or b"").hex()
                self.stdout.write(f"{done} is frozen: {done.ticket_count} tickets, root {root}.")
                self._say_next(done)
        except (DrawError, BeaconError, OSError) as fault:
            raise CommandError(f"{draw}: {fault}.") from fault

    def _say_next(self, draw: Draw) -> None:
        self.stdout.write(f"Its seed exists from {seed_time(draw):%Y-%m-%d %H:%M:%S} UTC on.")
        if (number := round_of(draw)) is not None:
            self.stdout.write(f"Then: curl {address_of(number)} | manage.py draw {draw.number} --beacon -")


def _read(name: str | None) -> str:
    if name is None:
        return ""
    return sys.stdin.read() if name == "-" else Path(name).read_text()
