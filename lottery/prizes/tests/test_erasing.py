"""Whom a prize was paid to is erased on schedule and on request; the draw verifies without it."""

from datetime import timedelta

import pytest

from lottery.draws.models import Approval
from lottery.players.deleting import delete_player, lost_with
from lottery.prizes.claiming import claim
from lottery.prizes.erasing import COMPLAINTS_WITHIN, erase_due, erase_for_player
from lottery.prizes.errors import ClaimError
from lottery.prizes.models import Claim, Win
from lottery.prizes.payable import PLAYER_LEFT
from lottery.prizes.paying import approve_payout, export_payouts, mark_paid
from lottery.prizes.tests.conftest import IBAN, JANA, PUBLISHED, make_win, player_of, reread, together, told
from lottery.tests.factories import make_player, make_staff, now, published_draw

SECOND = timedelta(seconds=1)


def pay(win: Win) -> None:
    mark_paid(export_payouts([win], make_staff("anna"), now()).content, now())


def test_what_was_paid_is_erased_after_the_time_for_complaints(approved: Win) -> None:
    pay(approved)
    paid_at = reread(approved).claim.paid_at
    assert paid_at is not None
    assert erase_due(paid_at + COMPLAINTS_WITHIN - SECOND) == 0
    assert reread(approved).claim.account == IBAN
    due = paid_at + COMPLAINTS_WITHIN
    assert erase_due(due) == 1
    kept = reread(approved).claim
    assert (kept.payee, kept.account, kept.erased_at) == ("", "", due)
    assert kept.reference
    assert erase_due(due + SECOND) == 0


def test_what_was_not_paid_yet_is_kept(approved: Win) -> None:
    assert erase_due(now() + 10 * COMPLAINTS_WITHIN) == 0
    assert reread(approved).claim.account == IBAN


def test_a_player_who_leaves_gives_up_a_claim_that_nobody_has_approved(claimed: Win) -> None:
    approve_payout(claimed, make_staff("anna"), now())
    assert [win.pk for win in lost_with(player_of(claimed))] == [claimed.pk]
    assert delete_player(player_of(claimed).pk, now())
    kept = reread(claimed)
    assert (kept.state, kept.reason) == (Win.State.REFUSED, PLAYER_LEFT)
    assert (kept.claim.payee, kept.claim.account) == ("", "")
    assert kept.entry.player is None


def test_a_player_who_leaves_after_the_approval_is_paid_and_then_forgotten(approved: Win) -> None:
    player = player_of(approved)
    assert lost_with(player) == []
    assert delete_player(player.pk, now())
    pay(approved)
    kept = reread(approved)
    assert (kept.state, kept.claim.account) == (Win.State.PAID, IBAN)
    assert "paid" not in told(approved)
    assert erase_due(now() + COMPLAINTS_WITHIN) == 1


@pytest.mark.django_db
def test_other_players_claims_stay() -> None:
    win = make_win()
    Claim.objects.create(win=win, payee=JANA.name, account=IBAN, claimed_at=PUBLISHED)
    Win.objects.filter(pk=win.pk).update(state=Win.State.CLAIMED)
    assert erase_for_player(make_player().pk, now()) == 0
    assert reread(win).claim.account == IBAN


def test_claiming_and_leaving_at_once_leaves_no_account(win: Win) -> None:
    player = player_of(win)
    answers = together(lambda: claim(win, player, JANA, now()), lambda: delete_player(player.pk, now()))
    assert answers[1] is True
    assert not Claim.objects.exclude(account="").exists()
    kept = reread(win)
    if isinstance(answers[0], ClaimError):
        assert kept.state == Win.State.TOLD
    else:
        assert kept.state == Win.State.REFUSED


def test_a_draw_verifies_after_everything_personal_is_gone(ledger: object) -> None:
    from lottery.draws.drawing import winners
    from lottery.draws.statements import read

    draw = published_draw(entries=8)
    for win in Win.objects.filter(draw=draw):
        delete_player(player_of(win).pk, now())
    said = read(draw.transcript)
    again = winners(
        bytes.fromhex(said["seed"]), draw=draw.number, rules_hash=bytes(draw.rules_hash or b""),
        root=bytes(draw.root or b""), count=draw.ticket_count or 0, wanted=4,
    )  # fmt: skip
    assert again == list(Win.objects.filter(draw=draw).order_by("number").values_list("position", flat=True))
    assert Approval.objects.exists()
