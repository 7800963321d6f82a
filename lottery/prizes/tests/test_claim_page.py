"""The page of a win: for its player alone, every fault at once, and what becomes of the win in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lottery.draws.models import Draw
from lottery.prizes.erasing import COMPLAINTS_WITHIN, erase_due
from lottery.prizes.models import Claim, Win
from lottery.prizes.paying import approve_payout, export_payouts, mark_paid, refuse
from lottery.prizes.tests.conftest import IBAN, JANA, OTHER_IBAN, make_win, player_of, proof_of, reread, sign_in
from lottery.tests.factories import make_player, make_staff, now
from possys import receipt_keys
from receipts.limits import WRONG_FOR_CODE
from tests.keys import give_key
from tests.tills import Till

# Session, player, the win with what it shows, its approvals.
QUERIES_MAX = 6


def url(win: Win) -> str:
    return f"/lottery/claims/{win.pk}"


@pytest.fixture
def winner(client: Client, win: Win) -> Client:
    """The browser of the win's player."""
    sign_in(client, player_of(win))
    return client


def filled(win: Win, **changes: str) -> dict[str, str]:
    """What a winner fills in rightly; `changes` replace fields."""
    return {"receipt": proof_of(win), "payee": JANA.name, "account": IBAN, **changes}


def said(client: Client, win: Win) -> str:
    answer = client.get(url(win))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_winner_claims_and_sees_what_comes_next(winner: Client, win: Win) -> None:
    page = said(winner, win)
    assert "Voucher" in page
    assert "CZK\u00a0500" in page
    assert win.entry.code in page
    answer = winner.post(url(win), filled(win))
    assert (answer.status_code, answer["Location"]) == (302, url(win))
    page = said(winner, win)
    assert "Your claim has arrived." in page
    assert "CZ •••• 5399" in page
    assert IBAN not in page
    assert "Two people check it" in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_to_everybody_else_there_is_no_such_win(win: Win, method: str) -> None:
    stranger = Client()
    sign_in(stranger, make_player())
    assert getattr(stranger, method)(url(win), filled(win)).status_code == 404
    assert reread(win).state == Win.State.TOLD


def test_whoever_is_not_signed_in_claims_nothing(client: Client, win: Win) -> None:
    answer = client.post(url(win), filled(win))
    assert (answer.status_code, answer["Location"]) == (302, "/lottery/sign-in")
    assert reread(win).state == Win.State.TOLD


def test_a_win_is_not_shown_before_its_draw_is_published(winner: Client, win: Win) -> None:
    Draw.objects.update(state=Draw.State.DRAWN)
    assert winner.get(url(win)).status_code == 404


def test_a_forged_form_of_another_site_claims_nothing(win: Win) -> None:
    victim = Client(enforce_csrf_checks=True)
    sign_in(victim, player_of(win))
    assert victim.post(url(win), filled(win)).status_code == 403
    assert reread(win).state == Win.State.TOLD


@pytest.mark.parametrize("write", ["{ending}", "{link}", " {link}/ ", "{spaced}", "{small}"])
def test_the_proof_is_typed_pasted_or_scanned(winner: Client, win: Win, write: str) -> None:
    ending = proof_of(win)
    text = write.format(
        ending=ending,
        link=receipt_keys.links().of(win.entry.code),
        spaced=" ".join(ending[at : at + 4] for at in range(0, 20, 4)),
        small=ending.lower(),
    )
    assert winner.post(url(win), filled(win, receipt=text)).status_code == 302
    assert reread(win).state == Win.State.CLAIMED


def test_a_receipt_printed_offline_is_proven_by_what_its_own_code_says(
    client: Client, record: Callable[..., str], till: Till
) -> None:
    issued = now() - timedelta(minutes=5)
    win = make_win(code=record(issued_at=issued.isoformat(timespec="milliseconds"), mode="offline"), at=now())
    sign_in(client, player_of(win))
    right = f"http://testserver/O/{till.number}.{till.sequence}.{issued:%y%m%d%H%M}.5100"
    assert client.post(url(win), filled(win, receipt=right.replace(".5100", ".5101"))).status_code == 400
    assert client.post(url(win), filled(win, receipt=right)).status_code == 302


def test_a_signed_one_is_proven_by_its_signature(
    client: Client, till: Till, flush_everything: Callable[[], object]
) -> None:
    issued = now() - timedelta(minutes=5)
    key = give_key(till)
    sale = till.sale(issued_at=issued.isoformat(timespec="milliseconds"), mode="offline")
    code = till.send(key.signed(sale)).json()["code"]
    flush_everything()
    win = make_win(code=code, at=now())
    sign_in(client, player_of(win))
    link = f"https://{'receipts.' * 20}example{key.address(issued)}"
    false = f"{link.rpartition('.')[0]}.{'A' * 103}"
    assert client.post(url(win), filled(win, receipt=false)).status_code == 400
    assert client.post(url(win), filled(win, receipt=link)).status_code == 302


def test_every_fault_is_named_at_once_and_nothing_is_kept(winner: Client, win: Win) -> None:
    answer = winner.post(url(win), {"receipt": "7K3F", "payee": "1", "account": "CZ6508000000192000145398"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "has 20 letters and digits" in page
    assert "the name of the account" in page
    assert "The IBAN contains a typing error" in page
    assert 'value="7K3F"' in page
    answer = winner.post(url(win), {})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert all(f'href="#{name}"' in page for name in ("receipt", "payee", "account"))
    assert not Claim.objects.exists()


def test_the_code_alone_and_another_receipts_link_prove_nothing(
    winner: Client, win: Win, record: Callable[..., str]
) -> None:
    other = receipt_keys.links().ending_of(record())
    code = win.entry.code.replace("-", "")
    for typed in (win.entry.code, other, code + other[-4:], other[:16] + proof_of(win)[-4:]):
        answer = winner.post(url(win), filled(win, receipt=typed))
        assert answer.status_code == 400, typed
    assert reread(win).state == Win.State.TOLD


def test_after_too_many_wrong_proofs_even_the_right_one_waits(winner: Client, win: Win) -> None:
    code = win.entry.code.replace("-", "")
    right = proof_of(win)
    wrong = [code + key for key in ("0000", "1111", "2222", "3333") if code + key != right]
    statuses = {
        winner.post(url(win), filled(win, receipt=wrong[n % 3])).status_code for n in range(WRONG_FOR_CODE.most)
    }
    assert statuses == {400}
    answer = winner.post(url(win), filled(win))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert reread(win).state == Win.State.TOLD


def test_right_links_of_other_receipts_are_wrong_ones_too(winner: Client, win: Win, record: Callable[..., str]) -> None:
    others = [receipt_keys.links().ending_of(record()) for _ in range(2)]
    for number in range(WRONG_FOR_CODE.most):
        assert winner.post(url(win), filled(win, receipt=others[number % 2])).status_code == 400
    assert winner.post(url(win), filled(win)).status_code == 429


def test_where_wrong_ones_cannot_be_counted_nobody_proves_anything(winner: Client, win: Win, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert winner.post(url(win), filled(win)).status_code == 429
    assert reread(win).state == Win.State.TOLD


def test_a_claim_is_corrected_with_the_receipt_again(winner: Client, win: Win) -> None:
    winner.post(url(win), filled(win))
    assert "Correct the claim" in said(winner, win)
    answer = winner.post(url(win), filled(win, receipt="", account=OTHER_IBAN))
    assert answer.status_code == 400
    assert "<details open>" in answer.content.decode()
    assert winner.post(url(win), filled(win, account=OTHER_IBAN)).status_code == 302
    assert reread(win).claim.account == OTHER_IBAN


def test_a_claim_that_is_being_checked_cannot_be_corrected(winner: Client, claimed: Win) -> None:
    approve_payout(claimed, make_staff("anna"), now())
    page = said(winner, claimed)
    assert "cannot be changed any more" in page
    assert "<form" not in page.partition("<main")[2]
    answer = winner.post(url(claimed), filled(claimed, account=OTHER_IBAN))
    assert answer.status_code == 409
    assert "cannot be changed any more" in answer.content.decode()
    assert reread(claimed).claim.account == IBAN


def test_a_claim_too_late_is_told_so(client: Client, record: Callable[..., str]) -> None:
    win = make_win(code=record(), at=now() - timedelta(days=92))
    sign_in(client, player_of(win))
    assert "could be claimed until" in said(client, win)
    answer = client.post(url(win), filled(win))
    assert answer.status_code == 409
    assert "The time to claim this win is over." in answer.content.decode()


def test_a_receipt_that_was_taken_back_is_told_in_words(
    winner: Client, win: Win, take_back: Callable[..., str]
) -> None:
    take_back(win.entry.code)
    assert winner.post(url(win), filled(win)).status_code == 302
    page = said(winner, win)
    assert "This prize is not paid." in page
    assert "The receipt was refunded or voided." in page


def test_a_ledger_that_is_away_is_asked_again_later(winner: Client, win: Win, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a code that no sale of the ledger has.
    other = make_win(at=now(), code=receipt_code_of_nobody())
    sign_in(winner, player_of(other))
    answer = winner.post(url(other), filled(other))
    assert answer.status_code == 409
    assert "cannot be looked up right now" in answer.content.decode()
    assert JANA.name in answer.content.decode()
    assert reread(other).state == Win.State.TOLD


def receipt_code_of_nobody() -> str:
    """A genuine code of a till that does not exist."""
    from possys.codes import Environment

    return receipt_keys.table().encode(Environment.PRODUCTION, now().date(), 9_999, 1)


def test_approved_paid_and_erased_are_told_in_words(winner: Client, approved: Win) -> None:
    assert "Your claim was approved." in said(winner, approved)
    file = export_payouts([approved], make_staff("anna"), now())
    reference = reread(approved).claim.reference
    page = said(winner, approved)
    assert "The bank was told" in page
    assert reference in page
    mark_paid(file.content, now())
    page = said(winner, approved)
    assert "The prize was paid on" in page
    assert "5399" in page
    erase_due(now() + COMPLAINTS_WITHIN)
    page = said(winner, approved)
    assert "Your bank details were deleted." in page
    assert "5399" not in page
    assert JANA.name not in page
    assert reference in page


def test_the_reason_of_a_refusal_is_shown_once_two_people_agree(winner: Client, claimed: Win) -> None:
    refuse(claimed, make_staff("anna"), "A copy <b>only</b>.", now())
    assert "A copy" not in said(winner, claimed)
    refuse(claimed, make_staff("boris"), "A copy <b>only</b>.", now())
    assert "A copy &lt;b&gt;only&lt;/b&gt;." in said(winner, claimed)


def test_the_page_is_kept_by_nobody_and_costs_few_queries(winner: Client, claimed: Win) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = winner.get(url(claimed))
    assert answer["Cache-Control"].startswith("no-store")
    assert answer["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert len(queries) <= QUERIES_MAX, [query["sql"] for query in queries]
