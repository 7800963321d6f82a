"""Refunds and voids of watched receipts: each is told once, in words, and nothing that was shown already."""

from collections.abc import Callable
from datetime import timedelta

from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import Correction
from possys import receipt_keys
from possys.clock import now_ms, utc
from receipts.watches import telling
from receipts.watches.models import Mail, Watch
from receipts.watches.tasks import look_for_all_corrections, look_for_corrections, send_mails
from receipts.watches.tests.conftest import ADDRESS, LINKS, path_in
from tests.factories import make_line, make_refund
from tests.tills import Till

TakeBack = Callable[..., str]
# What the quick look may cost while nobody watches anything, every few seconds.
IDLE_QUERIES = 1


def told() -> list[str]:
    """Looks and sends as the worker does, twice; the texts of all mails."""
    for _ in range(2):
        look_for_corrections()
        look_for_all_corrections()
        send_mails()
    return [str(one.body) for one in mail.outbox]


def test_a_refund_is_told_once(client: Client, watching: Watch, take_back: TakeBack) -> None:
    code = take_back(watching.code, issued_at=f"{utc(now_ms()).date()}T00:00:00+00:00")
    (text,) = told()
    (sent,) = mail.outbox
    assert sent.subject == f"Receipt {watching.code} was refunded"
    assert sent.to == [ADDRESS]
    for words in (code, watching.code, "CZK\u00a051.00 of CZK\u00a051.00", "Corner Shops, High Street", "00:00:00"):
        assert words in text
    assert "in part" not in text
    assert receipt_keys.links().ending_of(watching.code) in text
    assert client.post(path_in(text, "/watch/remove/")).status_code == 200
    assert not Watch.objects.exists()


def test_a_void_is_told_as_a_void(watching: Watch, take_back: TakeBack) -> None:
    take_back(watching.code, type="void")
    (text,) = told()
    assert mail.outbox[0].subject == f"Receipt {watching.code} was voided"
    assert "voided (cancelled)" in text


def test_each_of_several_refunds_in_part_is_told(watching: Watch, take_back: TakeBack) -> None:
    lines = [make_line(quantity="-1.000", amount=-2550)]
    codes = {take_back(watching.code, lines=lines) for _ in range(2)}
    texts = told()
    assert len(texts) == 2
    assert all("CZK\u00a025.50 of CZK\u00a051.00 (in part)" in text for text in texts)
    assert {code for code in codes for text in texts if code in text} == codes


def test_what_was_taken_back_before_is_shown_and_not_mailed(client: Client, linked: str, take_back: TakeBack) -> None:
    code = receipt_keys.links().read(linked.split("/")[1]).code
    client.post(linked, {"address": ADDRESS})
    send_mails()
    half = [make_line(quantity="-1.000", amount=-2550)]
    before = take_back(code, lines=half)
    look_for_corrections()
    look_for_all_corrections()
    path = path_in(str(mail.outbox.pop().body), "/watch/confirm/")
    page = client.post(path).content.decode()
    assert before in page
    assert "do not write to you about these" in page
    assert told() == []
    after = take_back(code, lines=half)
    (text,) = told()
    assert after in text
    assert after not in client.get(path).content.decode()


def test_other_receipts_and_unconfirmed_watches_are_told_of_nothing(
    client: Client, till: Till, watching: Watch, take_back: TakeBack, flush_everything: Callable[[], object]
) -> None:
    other = till.send().json()["code"]
    flush_everything()
    client.post(f"/{receipt_keys.links().ending_of(other)}/watch", {"address": "other@example.org"})
    send_mails()
    mail.outbox.clear()
    take_back(other)
    assert told() == []


def test_another_retailer_s_refund_of_the_code_is_not_told(
    watching: Watch, rival: Till, flush_everything: Callable[[], object]
) -> None:
    # Online it is refused; offline it has happened, so it is kept.
    rival.send(make_refund(watching.code, terminal=rival.number, sequence=1, mode="offline"))
    flush_everything()
    assert Correction.objects.count() == 1
    assert told() == []


def test_everybody_who_watches_a_receipt_is_told(
    client: Client, linked: str, watching: Watch, take_back: TakeBack
) -> None:
    client.post(linked, {"address": "second@example.org"})
    send_mails()
    client.post(path_in(str(mail.outbox.pop().body), "/watch/confirm/"))
    take_back(watching.code)
    told()
    assert sorted(one.to[0] for one in mail.outbox) == [ADDRESS, "second@example.org"]


def test_a_refund_that_the_quick_look_missed_is_told_by_the_whole_one(watching: Watch, take_back: TakeBack) -> None:
    take_back(watching.code)
    late = utc(now_ms()) + telling.RECENT + timedelta(seconds=5)
    assert telling.look_at_recent(late) == 0
    assert telling.look_at_all(late) == 1
    assert telling.look_at_all(late) == 0


def test_the_quick_look_finds_what_is_recent_and_writes_it_once(watching: Watch, take_back: TakeBack) -> None:
    take_back(watching.code)
    now = utc(now_ms())
    assert [telling.look_at_recent(now) for _ in range(2)] == [1, 0]
    assert Mail.objects.filter(kind=Mail.Kind.TOLD).count() == 1


def test_the_looks_go_through_more_than_a_chunk(watching: Watch, take_back: TakeBack) -> None:
    take_back(watching.code)
    before = telling.CHUNK
    telling.CHUNK = 2
    try:
        others = [
            Watch(
                code=watching.code, original=watching.original, original_on=watching.original_on,
                address=f"{number}@example.org", mailbox="", language="en", asked_at=watching.asked_at,
                confirmed_at=watching.confirmed_at,
            )
            for number in range(6)
        ]  # fmt: skip
        Watch.objects.bulk_create(others)
        assert telling.look_at_all(utc(now_ms())) == 7
    finally:
        telling.CHUNK = before


def test_while_nobody_watches_the_quick_look_costs_one_short_query(
    client: Client, linked: str, take_back: TakeBack
) -> None:
    take_back(receipt_keys.links().read(linked.split("/")[1]).code)
    client.post(linked, {"address": ADDRESS})
    assert Correction.objects.exists()
    with CaptureQueriesContext(connection) as queries:
        look_for_corrections()
    assert len(queries) == IDLE_QUERIES


def test_no_mail_holds_anything_but_text_and_links_of_ours(watching: Watch, take_back: TakeBack) -> None:
    take_back(watching.code)
    (text,) = told()
    sent = mail.outbox[0].message()
    assert sent.get_content_type() == "text/plain"
    assert {link.split("/")[2] for link in LINKS.findall(text)} == {"127.0.0.1:8000"}
