"""What the database itself refuses, whatever a program does."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from lottery.prizes.models import Claim, Win
from lottery.prizes.tests.conftest import PUBLISHED, make_expired, make_win, make_wins
from lottery.tests.factories import make_draw, make_entry

S = Win.State
FORWARD = {
    (S.DRAWN, S.TOLD), (S.DRAWN, S.EXPIRED),
    (S.TOLD, S.CLAIMED), (S.TOLD, S.EXPIRED), (S.TOLD, S.REFUSED),
    (S.CLAIMED, S.APPROVED), (S.CLAIMED, S.REFUSED),
    (S.APPROVED, S.PAID), (S.APPROVED, S.REFUSED),
}  # fmt: skip
WAYS = {
    S.DRAWN: (), S.TOLD: (S.TOLD,), S.CLAIMED: (S.TOLD, S.CLAIMED), S.APPROVED: (S.TOLD, S.CLAIMED, S.APPROVED),
    S.PAID: (S.TOLD, S.CLAIMED, S.APPROVED, S.PAID), S.EXPIRED: (S.EXPIRED,), S.REFUSED: (S.TOLD, S.REFUSED),
}  # fmt: skip
pytestmark = pytest.mark.django_db


def move(win: Win, state: Win.State) -> None:
    with transaction.atomic():
        Win.objects.filter(pk=win.pk).update(state=state, reason="So be it.")


@pytest.mark.parametrize("before", S)
def test_a_win_goes_forward_only(before: Win.State) -> None:
    for after in S:
        (win,) = make_wins([{"player": None}])
        for state in WAYS[before]:
            move(win, state)
        if after == before or (before, after) in FORWARD:
            move(win, after)
        else:
            with pytest.raises(IntegrityError, match="does not go"):
                move(win, after)


@pytest.mark.parametrize("field", ["number", "position", "ticket", "entry", "prize", "draw", "claim_until"])
def test_what_was_drawn_and_its_deadline_stay(field: str) -> None:
    win, draw = make_win(), make_draw()
    others = {
        "number": 7, "position": 7, "ticket": b"x" * 32, "entry": make_entry(draw), "prize": draw.prizes.first(),
        "draw": draw, "claim_until": PUBLISHED + timedelta(days=400),
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="stay"):
        Win.objects.filter(pk=win.pk).update(**{field: others[field]})


def test_a_prize_is_carried_once() -> None:
    (win,) = make_expired()
    Win.objects.filter(pk=win.pk).update(carried_to=make_draw())
    with pytest.raises(IntegrityError, match="where its prize went"):
        Win.objects.filter(pk=win.pk).update(carried_to=make_draw())


@given(late=st.timedeltas(timedelta(days=-100), timedelta(days=100)))
def test_no_claim_is_kept_after_its_deadline(late: timedelta) -> None:
    assume(late)
    with transaction.atomic():
        win = make_win()
        assert win.claim_until is not None
        try:
            with transaction.atomic():
                Claim.objects.create(win=win, claimed_at=win.claim_until + late)
            is_kept = True
        except IntegrityError:
            is_kept = False
        assert is_kept == (late < timedelta(0))
        transaction.set_rollback(True)


def test_two_payouts_have_two_references() -> None:
    first, second = make_wins([{}, {}])
    Claim.objects.create(win=first, claimed_at=PUBLISHED, reference="L1-000001")
    with pytest.raises(IntegrityError, match="references_of_payouts_differ"):
        Claim.objects.create(win=second, claimed_at=PUBLISHED, reference="L1-000001")


def test_nothing_is_paid_that_was_not_handed_over() -> None:
    with pytest.raises(IntegrityError, match="what_was_paid_was_exported"):
        Claim.objects.create(win=make_win(), claimed_at=PUBLISHED, paid_at=PUBLISHED)


def test_a_refused_win_says_why() -> None:
    win = make_win()
    with pytest.raises(IntegrityError, match="a_refused_win_says_why"):
        Win.objects.filter(pk=win.pk).update(state=S.REFUSED)
