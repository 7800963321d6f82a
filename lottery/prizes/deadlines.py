"""What time does to wins: a reminder, the end of the time to claim, and the end of a draw."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from lottery.draws.models import Draw
from lottery.messages.models import Message
from lottery.messages.operations import tell, was_told
from lottery.prizes.models import Win

# Time enough to look for the paper, and late enough to be of use.
REMIND_BEFORE = timedelta(days=14)
# Nobody is reminded of what they were told the same week.
TOLD_BEFORE = timedelta(days=7)
# One tick's reminders; the next one writes more.
REMINDERS_AT_ONCE = 1_000
OVER = (Win.State.PAID, Win.State.EXPIRED, Win.State.REFUSED)


class Passed(NamedTuple):
    """How many wins were reminded of and expired, and how many draws closed."""

    reminded: int
    expired: int
    closed: int


def keep_deadlines(now: datetime) -> Passed:
    """Does all that is due; a second run does nothing more."""
    return Passed(remind_due(now), expire_due(now), close_done(now))


def remind_due(now: datetime) -> int:
    """Writes to winners who have not claimed yet, once; the message itself is what remembers that."""
    due = Win.objects.filter(
        state=Win.State.TOLD,
        claim_until__gte=now,
        claim_until__lte=now + REMIND_BEFORE,
        draw__published_at__lte=now - TOLD_BEFORE,
        entry__player__isnull=False,
    ).exclude(messages__kind=Message.Kind.REMINDER)
    keys = due.order_by("claim_until", "pk").values_list("pk", flat=True)[:REMINDERS_AT_ONCE]
    return sum(_remind(key, now) for key in keys)


def _remind(key: UUID, now: datetime) -> bool:
    with transaction.atomic():
        # One that another tick holds is reminded of there.
        win = Win.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=key, state=Win.State.TOLD).first()
        if win is None or win.entry.player is None or was_told("reminder", win):
            return False
        tell(win.entry.player, "reminder", now=now, win=win)
    return True


def expire_due(now: datetime) -> int:
    """Ends the wins that nobody claimed in time; their prizes go to the next draw. Answers how many."""
    unclaimed = Win.objects.filter(state__in=(Win.State.DRAWN, Win.State.TOLD), claim_until__lt=now)
    return unclaimed.update(state=Win.State.EXPIRED)


def close_done(now: datetime) -> int:
    """Closes the published draws of which every win is paid, expired or refused. Answers how many."""
    waiting = Win.objects.exclude(state__in=OVER).values("draw")
    done = Draw.objects.filter(state=Draw.State.PUBLISHED).exclude(pk__in=waiting)
    return done.update(state=Draw.State.CLOSED, closed_at=now)
