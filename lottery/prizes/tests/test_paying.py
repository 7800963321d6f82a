"""Two people approve or refuse, the payer gets a file and says what it paid: no step happens twice, none is skipped."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from lottery.draws.models import Approval
from lottery.players.models import Player
from lottery.prizes import paying
from lottery.prizes.claiming import Payee, claim
from lottery.prizes.errors import PrizeError
from lottery.prizes.models import REASON_MAX, Claim, Win
from lottery.prizes.paying import Paid, approve_payout, export_payouts, mark_paid, refuse
from lottery.prizes.tests.conftest import IBAN, JANA, OTHER_IBAN, make_win, make_wins, player_of, reread, together, told
from lottery.tests.factories import make_staff, now

WHY = "The paper that was shown is a copy."


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_two_people_approve_a_payout(claimed: Win) -> None:
    assert not approve_payout(claimed, make_staff("anna"), now())
    assert [one.by.username for one in paying.payout_approvals(claimed)] == ["anna"]
    assert reread(claimed).state == Win.State.CLAIMED
    assert approve_payout(claimed, make_staff("boris"), now())
    assert reread(claimed).state == Win.State.APPROVED
    assert len(paying.payout_approvals(reread(claimed))) == 2


def test_one_person_alone_approves_nothing_however_often(claimed: Win) -> None:
    anna = make_staff("anna")
    assert [approve_payout(claimed, anna, now()) for _ in range(3)] == [False] * 3
    assert reread(claimed).state == Win.State.CLAIMED


def test_one_person_in_two_windows_at_once_is_still_one(claimed: Win) -> None:
    anna = make_staff("anna")
    assert together(*[lambda: approve_payout(claimed, anna, now())] * 3) == [False] * 3
    assert Approval.objects.count() == 1


def test_three_people_at_once_approve_once(claimed: Win) -> None:
    people = [make_staff(name) for name in ("anna", "boris", "cyril")]
    answers = together(*(lambda by=by: approve_payout(claimed, by, now()) for by in people))
    assert sorted(map(str, answers)) == sorted(
        ["False", "True", str(next(a for a in answers if a not in (True, False)))]
    )
    assert reread(claimed).state == Win.State.APPROVED


def test_nobodys_yes_is_to_a_claim_that_was_changed(claimed: Win) -> None:
    approve_payout(claimed, make_staff("anna"), now())
    # Not by the page, which lets nobody; by whoever has the database.
    Claim.objects.filter(win=claimed).update(account=OTHER_IBAN)
    assert paying.payout_approvals(reread(claimed)) == []
    assert not approve_payout(claimed, make_staff("boris"), now())
    assert reread(claimed).state == Win.State.CLAIMED


def test_whoever_saw_an_older_claim_looks_again(claimed: Win) -> None:
    seen = paying.payout_digest(claimed)
    claim(claimed, player_of(claimed), Payee("Jana Nováková", OTHER_IBAN), now())
    with pytest.raises(PrizeError, match="look at it again"):
        approve_payout(claimed, make_staff("anna"), now(), seen=seen)
    assert not approve_payout(claimed, make_staff("anna"), now(), seen=paying.payout_digest(reread(claimed)))


def test_a_barred_player_is_not_paid_until_let_in(claimed: Win) -> None:
    Player.objects.filter(pk=player_of(claimed).pk).update(barred_at=now(), barred_reason="Strangers' receipts.")
    with pytest.raises(PrizeError, match="barred"):
        approve_payout(claimed, make_staff("anna"), now())
    assert not Approval.objects.exists()
    Player.objects.update(barred_at=None)
    assert not approve_payout(claimed, make_staff("anna"), now())


def test_a_receipt_that_was_taken_back_is_not_paid(claimed: Win, take_back: Callable[..., str]) -> None:
    assert not approve_payout(claimed, make_staff("anna"), now())
    take_back(claimed.entry.code)
    with pytest.raises(PrizeError, match="refunded or voided"):
        approve_payout(claimed, make_staff("boris"), now())
    assert reread(claimed).state == Win.State.CLAIMED


def test_a_receipt_that_cannot_be_read_is_not_paid(ledger: object) -> None:
    win = make_win(at=now())
    Claim.objects.create(win=win, payee=JANA.name, account=IBAN, claimed_at=now())
    Win.objects.filter(pk=win.pk).update(state=Win.State.CLAIMED)
    with pytest.raises(PrizeError, match="cannot be read"):
        approve_payout(win, make_staff("anna"), now())


@pytest.mark.django_db
@pytest.mark.parametrize("state", [Win.State.TOLD, Win.State.EXPIRED, Win.State.REFUSED])
def test_only_a_claim_is_approved(state: Win.State) -> None:
    win = make_win()
    Win.objects.filter(pk=win.pk).update(state=state, reason="So be it.")
    with pytest.raises(PrizeError):
        approve_payout(win, make_staff("anna"), now())
    assert not Approval.objects.exists()


def test_what_is_approved_is_not_approved_again(approved: Win) -> None:
    with pytest.raises(PrizeError, match="approved for payment"):
        approve_payout(approved, make_staff("cyril"), now())


def test_two_people_refuse_for_one_reason(claimed: Win) -> None:
    assert not refuse(claimed, make_staff("anna"), WHY, now())
    waiting = reread(claimed)
    assert (waiting.state, waiting.reason) == (Win.State.CLAIMED, WHY)
    assert [one.by.username for one in paying.refusal_approvals(waiting)] == ["anna"]
    assert refuse(claimed, make_staff("boris"), waiting.reason, now())
    kept = reread(claimed)
    assert (kept.state, kept.reason) == (Win.State.REFUSED, WHY)
    assert (kept.claim.payee, kept.claim.account) == ("", "")
    assert told(claimed) == ["won", "refused"]


def test_two_reasons_are_no_agreement(claimed: Win) -> None:
    assert not refuse(claimed, make_staff("anna"), WHY, now())
    assert not refuse(claimed, make_staff("boris"), "Another reason.", now())
    assert reread(claimed).reason == "Another reason."
    assert refuse(claimed, make_staff("anna"), "Another reason.", now())


def test_one_yes_to_pay_and_one_to_refuse_decide_nothing(claimed: Win) -> None:
    assert not approve_payout(claimed, make_staff("anna"), now())
    assert not refuse(claimed, make_staff("boris"), WHY, now())
    assert reread(claimed).state == Win.State.CLAIMED


@pytest.mark.parametrize("reason", ["", "   ", "x" * (REASON_MAX + 1)])
def test_a_refusal_needs_a_reason(claimed: Win, reason: str) -> None:
    with pytest.raises(PrizeError, match="reason"):
        refuse(claimed, make_staff("anna"), reason, now())
    assert not Approval.objects.exists()


def test_what_nobody_claimed_yet_can_be_refused(win: Win) -> None:
    refuse(win, make_staff("anna"), WHY, now())
    assert refuse(win, make_staff("boris"), WHY, now())
    assert told(win) == ["won", "refused"]


def test_what_is_approved_can_be_refused_until_the_payer_has_it(approved: Win) -> None:
    assert not refuse(approved, make_staff("anna"), WHY, now())
    export_payouts([approved], make_staff("anna"), now())
    with pytest.raises(PrizeError, match="with the payer"):
        refuse(approved, make_staff("boris"), WHY, now())
    assert reread(approved).state == Win.State.APPROVED
    assert reread(approved).reason == ""


def test_approved_and_refused_at_once_is_one_of_the_two(claimed: Win) -> None:
    anna, boris = make_staff("anna"), make_staff("boris")
    approve_payout(claimed, anna, now())
    refuse(claimed, anna, WHY, now())
    together(lambda: approve_payout(claimed, boris, now()), lambda: refuse(claimed, boris, WHY, now()))
    kept = reread(claimed)
    # What is approved can still be refused, and not the other way round.
    assert kept.state == Win.State.REFUSED
    assert told(claimed).count("refused") == 1


def test_the_file_says_whom_to_pay_what(approved: Win) -> None:
    moment = now()
    file = export_payouts([approved], make_staff("anna"), moment)
    assert (file.payouts, file.left_out) == (1, [])
    (line,) = lines(file.content)
    kept = reread(approved)
    assert line == {
        "reference": f"L{kept.draw.number}-000001",
        "payee": JANA.name,
        "iban": IBAN,
        "amount": "500.00",
        "currency": "CZK",
    }
    assert (kept.claim.reference, kept.claim.exported_at) == (line["reference"], moment)
    assert kept.state == Win.State.APPROVED
    assert Approval.objects.get(subject__startswith="payout file").by.username == "anna"


def test_a_second_file_has_the_same_references(approved: Win) -> None:
    first = export_payouts([approved], make_staff("anna"), now())
    moment = reread(approved).claim.exported_at
    assert export_payouts([approved], make_staff("boris"), now()).content == first.content
    assert reread(approved).claim.exported_at == moment


def test_a_file_holds_only_what_is_approved_and_says_what_it_leaves_out(approved: Win) -> None:
    (other,) = make_wins([{}])
    file = export_payouts([other, approved], make_staff("anna"), now())
    assert file.payouts == 1
    assert file.left_out == [f"{other}: it is winner told"]


def test_a_receipt_taken_back_after_the_approval_is_not_in_the_file(
    approved: Win, take_back: Callable[..., str]
) -> None:
    take_back(approved.entry.code)
    with pytest.raises(PrizeError, match=r"nothing to pay.*refunded or voided"):
        export_payouts([approved], make_staff("anna"), now())
    assert reread(approved).claim.exported_at is None


@pytest.mark.django_db
def test_an_empty_file_is_not_made() -> None:
    with pytest.raises(PrizeError, match="nothing to pay"):
        export_payouts([], make_staff("anna"), now())


def test_what_the_payer_names_is_paid_once(approved: Win) -> None:
    file = export_payouts([approved], make_staff("anna"), now())
    moment = now()
    assert mark_paid(file.content, moment) == Paid(1, 0)
    assert mark_paid([f" {reread(approved).claim.reference} "], now()) == Paid(0, 1)
    kept = reread(approved)
    assert (kept.state, kept.claim.paid_at) == (Win.State.PAID, moment)
    assert told(approved) == ["won", "paid"]


def test_two_files_at_once_pay_once(approved: Win) -> None:
    content = export_payouts([approved], make_staff("anna"), now()).content
    answers = together(lambda: mark_paid(content, now()), lambda: mark_paid(content, now()))
    assert set(answers) == {Paid(1, 0), Paid(0, 1)}
    assert told(approved) == ["won", "paid"]


def test_one_unknown_reference_and_nothing_is_marked(approved: Win) -> None:
    reference = lines(export_payouts([approved], make_staff("anna"), now()).content)[0]["reference"]
    with pytest.raises(PrizeError, match=r"L0-1 is no payout of ours; L0-2 is no payout of ours"):
        mark_paid([reference, "L0-1", "L0-2"], now())
    assert reread(approved).state == Win.State.APPROVED


@pytest.mark.django_db
@pytest.mark.parametrize("named", [[], b"", ["", " "], b"reference\r\n"])
def test_nothing_named_is_said(named: Any) -> None:
    with pytest.raises(PrizeError, match="no reference"):
        mark_paid(named, now())
