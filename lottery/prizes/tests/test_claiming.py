"""Claiming a win: its player alone, in time, while the receipt counts, until somebody has approved it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from lottery.prizes.accounts import masked
from lottery.prizes.claiming import Payee, claim
from lottery.prizes.deadlines import expire_due
from lottery.prizes.errors import ClaimError, PrizeError
from lottery.prizes.models import Claim, Win
from lottery.prizes.payable import TAKEN_BACK
from lottery.prizes.paying import approve_payout, payout_approvals, payout_digest, refuse
from lottery.prizes.tests.conftest import (
    IBAN,
    JANA,
    OTHER_IBAN,
    make_win,
    player_of,
    reread,
    together,
    told,
)
from lottery.tests.factories import make_player, make_staff, now
from tests.factories import make_line

CORRECTED = Payee("Jana Dvořáková", OTHER_IBAN)


def test_a_claim_says_whom_to_pay(win: Win) -> None:
    moment = now()
    assert claim(win, player_of(win), JANA, moment).state == Win.State.CLAIMED
    kept = reread(win)
    assert kept.state == Win.State.CLAIMED
    assert (kept.claim.payee, kept.claim.account, kept.claim.claimed_at) == (*JANA, moment)


def test_nobody_claims_what_somebody_else_won(win: Win) -> None:
    with pytest.raises(ClaimError, match="not yours"):
        claim(win, make_player(), JANA, now())
    assert reread(win).state == Win.State.TOLD
    assert not Claim.objects.exists()


def test_a_claim_counts_up_to_the_last_moment_and_not_after_it(record: Callable[..., str]) -> None:
    win = make_win(code=record(), at=now())
    last = win.claim_until
    assert last is not None
    with pytest.raises(ClaimError, match="over"):
        claim(win, player_of(win), JANA, last + timedelta(microseconds=1))
    assert claim(win, player_of(win), JANA, last).state == Win.State.CLAIMED


def test_a_claim_is_corrected_after_its_deadline_and_keeps_its_moment(claimed: Win) -> None:
    first = claimed.claim.claimed_at
    assert claimed.claim_until is not None
    claim(claimed, player_of(claimed), CORRECTED, claimed.claim_until + timedelta(days=1))
    kept = reread(claimed).claim
    assert (kept.payee, kept.account, kept.claimed_at) == (*CORRECTED, first)


def test_a_claim_that_somebody_has_approved_is_not_changed_any_more(claimed: Win) -> None:
    approve_payout(claimed, make_staff("anna"), now())
    with pytest.raises(ClaimError, match="being checked"):
        claim(claimed, player_of(claimed), CORRECTED, now())
    assert reread(claimed).claim.account == IBAN


def test_a_proposal_to_refuse_is_void_once_the_claim_was_corrected(claimed: Win) -> None:
    assert not refuse(claimed, make_staff("anna"), "That is not the winner's name.", now())
    claim(claimed, player_of(claimed), CORRECTED, now())
    assert reread(claimed).reason == ""
    assert not refuse(claimed, make_staff("boris"), "That is not the winner's name.", now())


HALF = {"lines": [make_line(quantity="-1.000", amount=-2550)]}


@pytest.mark.parametrize("given_back", [{}, {"type": "void"}, HALF])
def test_a_receipt_that_was_taken_back_since_ends_the_win(
    win: Win, take_back: Callable[..., str], given_back: dict[str, Any]
) -> None:
    # In part or as a whole: as before the freeze.
    take_back(win.entry.code, **given_back)
    assert claim(win, player_of(win), JANA, now()).state == Win.State.REFUSED
    kept = reread(win)
    assert (kept.state, kept.reason) == (Win.State.REFUSED, TAKEN_BACK)
    assert not Claim.objects.filter(win=win).exists()
    assert told(win) == ["won", "refused"]


def test_a_correction_of_a_receipt_that_was_taken_back_ends_the_win_and_erases_the_claim(
    claimed: Win, take_back: Callable[..., str]
) -> None:
    take_back(claimed.entry.code)
    assert claim(claimed, player_of(claimed), CORRECTED, now()).state == Win.State.REFUSED
    kept = reread(claimed)
    assert (kept.claim.payee, kept.claim.account) == ("", "")


def test_a_receipt_that_cannot_be_looked_up_is_asked_about_later(ledger: object) -> None:
    win = make_win(at=now())
    with pytest.raises(ClaimError, match="right now"):
        claim(win, player_of(win), JANA, now())
    assert reread(win).state == Win.State.TOLD


@pytest.mark.parametrize("state", [Win.State.EXPIRED, Win.State.REFUSED])
def test_what_is_over_cannot_be_claimed(win: Win, state: Win.State) -> None:
    Win.objects.filter(pk=win.pk).update(state=state, reason="It is over.")
    with pytest.raises(ClaimError, match="any more"):
        claim(win, player_of(win), JANA, now())


def test_what_is_approved_or_paid_cannot_be_claimed_again(approved: Win) -> None:
    with pytest.raises(ClaimError, match="any more"):
        claim(approved, player_of(approved), CORRECTED, now())


def test_a_claim_and_its_deadline_at_once_leave_either_a_claim_or_an_expired_win(record: Callable[..., str]) -> None:
    for code in [record() for _ in range(4)]:
        win = make_win(code=code, at=now())
        last = win.claim_until
        assert last is not None
        answers = together(
            partial(claim, win, player_of(win), JANA, last), partial(expire_due, last + timedelta(seconds=1))
        )
        kept = reread(win)
        is_claimed = kept.state == Win.State.CLAIMED
        assert is_claimed == Claim.objects.filter(win=win).exists()
        assert is_claimed == isinstance(answers[0], Win)
        assert answers[1] == (0 if is_claimed else 1)


def test_a_correction_and_the_first_approval_at_once_never_leave_a_yes_to_what_nobody_saw(claimed: Win) -> None:
    anna, seen = make_staff("anna"), payout_digest(claimed)
    answers = together(
        lambda: claim(claimed, player_of(claimed), CORRECTED, now()),
        lambda: approve_payout(claimed, anna, now(), seen=seen),
    )
    kept = reread(claimed)
    if isinstance(answers[0], ClaimError):
        assert answers[1] is False
        assert payout_digest(kept) == seen
    else:
        assert isinstance(answers[1], PrizeError)
        assert kept.claim.account == OTHER_IBAN
        assert payout_approvals(kept) == []


def test_a_claim_and_an_approval_at_once_never_approve_what_nobody_saw(claimed: Win) -> None:
    approve_payout(claimed, make_staff("anna"), now())
    boris = make_staff("boris")
    answers = together(
        lambda: claim(claimed, player_of(claimed), CORRECTED, now()), lambda: approve_payout(claimed, boris, now())
    )
    assert isinstance(answers[0], ClaimError)
    assert answers[1] is True
    assert masked(reread(claimed).claim.account) == masked(IBAN)
