"""Wins, held against everybody else who would change them: a claim, its deadline, staff, the payer."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet

from lottery.prizes.errors import PrizeError
from lottery.prizes.models import Claim, Win


def held(key: UUID) -> Win:
    """A win, held until the end of the caller's DB transaction. Raises Win.DoesNotExist."""
    # What is joined is read after the lock was granted, not from before the wait for it.
    Win.objects.select_for_update().get(pk=key)
    return Win.objects.select_related("prize", "draw", "entry__player", "claim").get(pk=key)


def held_in(key: UUID, *states: Win.State) -> Win:
    """The same. Raises PrizeError unless the win is in one of the states."""
    win = held(key)
    if win.state not in states:
        raise PrizeError(f"{win} is {win.get_state_display()}")
    return win


def held_wins(keys: Iterable[UUID]) -> QuerySet[Win]:
    """The same for many, in whatever states, in the order in which they were drawn."""
    wins = Win.objects.filter(pk__in=list(keys))
    # In one order everywhere, so that two never wait for each other.
    list(wins.select_for_update().order_by("pk").values_list("pk"))
    return wins.select_related("prize", "draw", "entry__player", "claim").order_by("draw__number", "number")


def claim_of(win: Win) -> Claim | None:
    """Whom to pay, if anybody claimed it."""
    try:
        return win.claim
    except ObjectDoesNotExist:
        return None
