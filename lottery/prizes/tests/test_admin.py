"""Wins and payouts in the admin: two people, hidden accounts, and the payer's files."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lottery.admin_base import receipt_lookup
from lottery.entries.models import Entry
from lottery.prizes.models import Claim, Win
from lottery.prizes.tests.conftest import IBAN, make_expired, make_wins, reread
from lottery.tests.factories import make_staff
from tests.people import Cast, make_cast, make_person, signed_in

WINS = "/admin/lottery/win/"
PAYOUTS = "/admin/lottery/claim/"
WHY = "The paper that was shown is a copy."
NAME = "Jana Nováková"


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


def say(client: Client, win: Win, step: str, **answers: Any) -> Any:
    """Opens a step's page and sends its form."""
    asked = client.get(f"{WINS}{win.pk}/{step}/", follow=True)
    if asked.status_code != 200 or "form" not in asked.context:
        return asked
    seen = asked.context["form"]["seen"].value()
    return client.post(f"{WINS}{win.pk}/{step}/", {"seen": seen, **answers}, follow=True)


def test_pages_are_for_those_who_may_look(cast: Cast, claimed: Win) -> None:
    for url in (WINS, f"{WINS}{claimed.pk}/change/", PAYOUTS):
        assert cast.superuser.get(url).status_code == 200
        assert cast.viewer.get(url).status_code == 200
        assert cast.without_rights.get(url).status_code == 403
        assert cast.anonymous.get(url).status_code == 302


def test_whom_to_pay_is_shown_to_those_with_the_right_alone(cast: Cast, claimed: Win) -> None:
    approver = signed_in(make_person("approver", "view_win", "approve_payout"))
    seeing = signed_in(make_person("seeing", "view_win", "approve_payout", "see_payee"))
    for step in ("change", "approve", "refuse"):
        url = f"{WINS}{claimed.pk}/{step}/"
        masked, whole = approver.get(url).content.decode(), seeing.get(url).content.decode()
        assert IBAN not in masked
        assert NAME not in masked
        assert "CZ •••• 5399" in masked
        assert IBAN in whole
        assert NAME in whole
    assert IBAN not in cast.viewer.get(WINS).content.decode()


@pytest.mark.parametrize(("step", "answers"), [("approve", {}), ("refuse", {"reason": WHY})])
def test_deciding_needs_its_right(cast: Cast, claimed: Win, step: str, answers: dict[str, str]) -> None:
    others = signed_in(make_person("others", "view_win", "pay_out", "see_payee", "change_win"))
    url = f"{WINS}{claimed.pk}/{step}/"
    for client, status in ((cast.viewer, 403), (others, 403), (cast.without_rights, 403), (cast.anonymous, 302)):
        assert client.get(url).status_code == status
        assert client.post(url, {"seen": "x", **answers}).status_code == status
    assert reread(claimed).state == Win.State.CLAIMED


def test_two_people_approve_a_payout_and_one_twice_does_not(cast: Cast, claimed: Win) -> None:
    anna, boris = signed_in(make_staff("anna")), signed_in(make_staff("boris"))
    first = say(anna, claimed, "approve").content.decode()
    assert "A second person must approve it" in first
    assert "anna approved the payout" in first
    assert "You have said so already; somebody else must, too." in say(anna, claimed, "approve").content.decode()
    assert reread(claimed).state == Win.State.CLAIMED
    assert "is approved" in say(boris, claimed, "approve").content.decode()
    assert reread(claimed).state == Win.State.APPROVED


def test_nobody_approves_a_claim_that_changed_behind_the_page(claimed: Win) -> None:
    anna = signed_in(make_staff("anna"))
    seen = anna.get(f"{WINS}{claimed.pk}/approve/").context["form"]["seen"].value()
    Claim.objects.filter(win=claimed).update(payee="Somebody Else")
    answer = anna.post(f"{WINS}{claimed.pk}/approve/", {"seen": seen})
    assert "it has changed since the page was shown" in answer.content.decode()


def test_two_people_refuse_with_one_reason(cast: Cast, claimed: Win) -> None:
    anna, boris = signed_in(make_staff("anna")), signed_in(make_staff("boris"))
    assert say(anna, claimed, "refuse", reason="").status_code == 400
    assert "A second person must agree" in say(anna, claimed, "refuse", reason=WHY).content.decode()
    assert "You have said so already" in say(anna, claimed, "refuse", reason=WHY).content.decode()
    proposed = boris.get(f"{WINS}{claimed.pk}/refuse/")
    assert proposed.context["form"]["reason"].value() == WHY
    assert "anna wants it refused" in proposed.content.decode()
    assert "is refused" in say(boris, claimed, "refuse", reason=WHY).content.decode()
    assert reread(claimed).state == Win.State.REFUSED
    assert "erased" in cast.superuser.get(f"{WINS}{claimed.pk}/change/").content.decode()


def test_the_payers_file_and_what_comes_back(cast: Cast, approved: Win) -> None:
    payer = signed_in(make_person("payer", "view_claim", "pay_out"))
    assert cast.viewer.post(f"{PAYOUTS}export/", {"which": "new"}).status_code == 403
    assert payer.get(f"{PAYOUTS}export/").status_code == 403
    file = payer.post(f"{PAYOUTS}export/", {"which": "new"})
    assert file.headers["Content-Disposition"].startswith('attachment; filename="payouts-')
    assert IBAN in file.content.decode()
    again = payer.post(f"{PAYOUTS}export/", {"which": "new"})
    assert again.status_code == 400
    assert "There is nothing to pay." in again.content.decode()
    assert payer.post(f"{PAYOUTS}export/", {"which": "all"}).status_code == 200
    reference = Claim.objects.get().reference
    assert cast.viewer.post(f"{PAYOUTS}paid/", {"references": reference}).status_code == 403
    wrong = payer.post(f"{PAYOUTS}paid/", {"references": f"{reference} L9-000001"})
    assert "L9-000001 is no payout of ours." in wrong.content.decode()
    assert reread(approved).state == Win.State.APPROVED
    assert "Give the references or choose the file" in payer.post(f"{PAYOUTS}paid/", {}).content.decode()
    back = SimpleUploadedFile("paid.csv", file.content, "text/csv")
    done = payer.post(f"{PAYOUTS}paid/", {"file": back}, follow=True)
    assert "1 payouts are marked as paid" in done.content.decode()
    assert reread(approved).state == Win.State.PAID


def test_the_payouts_page_says_what_waits(cast: Cast, claimed: Win) -> None:
    make_expired(2, prize=("Bicycle", 1_500_000))
    answer = cast.viewer.get(PAYOUTS)
    assert ("Claimed, to be approved", "1") in answer.context["facts"]
    assert [row[1:4] for row in answer.context["pool"]["rows"]] == [("Bicycle", "CZK\u00a015,000.00", "2")]
    assert "Download the file" not in answer.content.decode()
    assert "Download the file" in cast.superuser.get(PAYOUTS).content.decode()


def test_wins_are_filtered_by_state_and_draw_and_found_by_receipt(cast: Cast, claimed: Win) -> None:
    make_wins([{}, {}])
    Entry.objects.filter(pk=claimed.entry_id).update(**receipt_lookup(claimed.entry.code) or {})
    for asked, found in (
        ({"state__exact": "claimed"}, 1),
        ({"draw__id__exact": claimed.draw_id}, 1),
        ({"q": claimed.entry.code}, 1),
        ({"q": "nonsense"}, 0),
        ({}, 3),
    ):
        assert len(cast.viewer.get(WINS, asked).context["cl"].result_list) == found


def test_the_list_takes_the_same_queries_for_few_and_many(
    cast: Cast, claimed: Win, django_assert_max_num_queries: Any
) -> None:
    make_wins([{}] * 20)
    with django_assert_max_num_queries(6):
        cast.superuser.get(WINS)
