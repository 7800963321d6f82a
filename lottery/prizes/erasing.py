"""Whom a prize was paid to is erased on schedule, and on the player's wish; the draw verifies without it.

paid                          after COMPLAINTS_WITHIN
refused                       at once
the player leaves before the approval    at once, and the prize goes to the next draw
the player leaves after it    as if they had stayed: they are paid, and it is erased after that
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from lottery.prizes.locking import held_wins
from lottery.prizes.models import Claim, Win
from lottery.prizes.payable import PLAYER_LEFT

# How long after a payout its account can be asked about: transfers that go wrong are complained of within weeks.
COMPLAINTS_WITHIN = timedelta(days=90)


def erase_due(now: datetime) -> int:
    """Erases payees and accounts that were paid long ago; answers how many."""
    due = Claim.objects.filter(win__state=Win.State.PAID, paid_at__lte=now - COMPLAINTS_WITHIN)
    return erase(due, now)


def erase_for_player(player: UUID, now: datetime) -> int:
    """Ends the claims of a player who leaves, in the caller's DB transaction and before the player is held or deleted.

    Answers how many wins were given up. What two people have approved is paid all the same.
    """
    with transaction.atomic():
        # All of them are held, not only those that are claimed: one is perhaps being claimed at this moment.
        # Wins before players, as by whoever tells a player of a win.
        wins = list(Win.objects.filter(entry__player=player).values_list("pk", flat=True))
        keys = [win.pk for win in held_wins(wins) if win.state == Win.State.CLAIMED]
        erase(Claim.objects.filter(win__in=keys), now)
        return Win.objects.filter(pk__in=keys).update(state=Win.State.REFUSED, reason=PLAYER_LEFT)


def erase(claims: QuerySet[Claim], now: datetime) -> int:
    """Erases whom these claims name; answers how many named somebody."""
    return claims.filter(erased_at__isnull=True).update(payee="", account="", erased_at=now)
