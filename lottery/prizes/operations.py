"""Telling the winners, at a draw's publication."""

from datetime import datetime, time, timedelta
from itertools import islice

from django.utils import timezone

from lottery.draws.models import Draw
from lottery.messages.operations import tell_all
from lottery.players.models import Player
from lottery.prizes.models import Win

# Winners whose rows are in memory at once; a draw has up to 100,000.
WINS_AT_ONCE = 1_000


def announce(draw: Draw, now: datetime) -> None:
    """Opens the time to claim and writes to every winner, in the caller's DB transaction.

    A ticket whose player is gone stays as it was drawn: nobody can claim it, and its deadline ends it.
    """
    drawn = Win.objects.filter(draw=draw, state=Win.State.DRAWN)
    drawn.update(claim_until=last_moment(now, draw.claim_days))
    # Held after the wins, as by whoever deletes a player: nobody leaves between being found here and being written to.
    winners = Win.objects.filter(draw=draw).values("entry__player")
    list(Player.objects.select_for_update(no_key=True).filter(pk__in=winners).order_by("pk").values_list("pk"))
    drawn.filter(entry__player__isnull=False).update(state=Win.State.TOLD)
    told = Win.objects.filter(draw=draw, state=Win.State.TOLD).select_related("entry__player").order_by("number")
    winners_told = ((win.entry.player, win) for win in told.iterator(WINS_AT_ONCE) if win.entry.player is not None)
    while some := list(islice(winners_told, WINS_AT_ONCE)):
        tell_all(some, "won", now=now)


def last_moment(now: datetime, days: int) -> datetime:
    """The end of the day so many days from now, by the site's clock."""
    here = timezone.get_default_timezone()
    return datetime.combine(now.astimezone(here).date() + timedelta(days=days), time.max, tzinfo=here)
