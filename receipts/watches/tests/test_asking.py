"""Asking, confirming, removing: double opt-in, nothing by GET, no answer that tells who watches, limits, forgetting."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from possys import receipt_keys
from possys.clock import now_ms, utc
from receipts.limits import WATCHES, WRONG_FOR_CLIENT, WRONG_FOR_CODE, Limit
from receipts.tests.test_pages import invented, mistyped
from receipts.watches import operations
from receipts.watches.models import ADDRESS_MAX, Mail, Watch
from receipts.watches.operations import (
    ANSWERS_PER_MAILBOX_A_DAY,
    CONFIRM_WITHIN,
    ENDED_KEPT,
    KEPT,
    WATCHES_PER_MAILBOX_AN_HOUR,
)
from receipts.watches.tasks import purge_watches, send_mails
from receipts.watches.tests.conftest import ADDRESS, path_in
from receipts.watches.tokens import Purpose, token_of
from tests.tills import Till

Record = Callable[..., str]


def now_() -> datetime:
    return utc(now_ms())


def linked_to(code: str) -> str:
    return f"/{receipt_keys.links().ending_of(code)}/watch"


def sent_text() -> str:
    return str(mail.outbox[-1].body)


def test_a_watch_counts_only_when_the_owner_of_the_address_has_pressed_the_button(client: Client, linked: str) -> None:
    page = client.get(linked)
    assert page.status_code == 200
    assert b'name="address"' in page.content
    assert client.post(linked, {"address": ADDRESS}).status_code == 200
    assert Watch.objects.get().confirmed_at is None
    send_mails()
    (sent,) = mail.outbox
    assert sent.to == [ADDRESS]
    assert Watch.objects.get().code in sent.subject
    # The link's key stays with whoever holds the paper until the address has shown that it is theirs.
    assert linked.split("/")[1] not in str(sent.body)
    path = path_in(str(sent.body), "/watch/confirm/")
    page = client.get(path)
    assert b"<button" in page.content
    assert Watch.objects.get().confirmed_at is None, "a mail scanner's GET confirmed it"
    page = client.post(path)
    assert b"The receipt is watched" in page.content
    first = Watch.objects.get().confirmed_at
    assert first is not None
    assert client.post(path).status_code == client.get(path).status_code == 200
    assert Watch.objects.get().confirmed_at == first


def test_a_sale_on_its_way_may_be_watched(client: Client, till: Till) -> None:
    code = till.send().json()["code"]
    client.post(linked_to(code), {"address": ADDRESS})
    assert Watch.objects.get().code == code


def test_the_answer_does_not_tell_who_watches(client: Client, linked: str, watching: Watch) -> None:
    answers = {
        client.post(linked, {"address": address}).content.replace(address.encode(), b"")
        for address in (ADDRESS, "JANA@example.org", "nobody@example.org", "nobody@example.org")
    }
    assert len(answers) == 1
    assert Watch.objects.count() == 2
    send_mails()
    by_address = {one.to[0]: str(one.body) for one in mail.outbox}
    assert len(mail.outbox) == 2
    assert "watched already" in by_address[ADDRESS]
    assert "/watch/confirm/" in by_address["nobody@example.org"]


def test_asking_twice_while_a_mail_waits_brings_one_mail(client: Client, linked: str) -> None:
    for _ in range(3):
        client.post(linked, {"address": ADDRESS})
    send_mails()
    assert len(mail.outbox) == 1
    client.post(linked, {"address": ADDRESS})
    send_mails()
    assert len(mail.outbox) == 2
    assert Watch.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Write the e-mail address"),
        ("jana", "not an e-mail address"),
        ("jana@example.org\nBcc: x@example.org", "not an e-mail address"),
        ("a@" + "b" * 60 + ".example" * 30 + ".org", f"at most {ADDRESS_MAX} characters"),
    ],
)
def test_a_faulty_address_is_told_so_and_nothing_is_kept(client: Client, linked: str, address: str, words: str) -> None:
    page = client.post(linked, {"address": address})
    assert page.status_code == 400
    assert words in page.content.decode()
    assert b'role="alert"' in page.content
    assert not Watch.objects.exists()


def test_a_program_that_fills_in_every_field_is_answered_and_ignored(client: Client, linked: str) -> None:
    page = client.post(linked, {"address": ADDRESS, "leave_empty": "x"})
    assert page.status_code == 200
    assert not Watch.objects.exists()


def test_a_wrong_key_is_answered_like_a_missing_receipt(client: Client, record: Record) -> None:
    pages = []
    for code in (record(), invented()):
        ending = mistyped(receipt_keys.links().ending_of(code))
        page = client.post(f"/{ending}/watch", {"address": ADDRESS})
        pages.append((page.status_code, page["Cache-Control"], page.content.replace(ending.encode(), b"")))
    assert pages[0] == pages[1]
    assert pages[0][:2] == (404, "no-store")
    assert not Watch.objects.exists()


@pytest.mark.parametrize("limit", [WRONG_FOR_CODE, WRONG_FOR_CLIENT])
def test_after_so_many_wrong_keys_the_right_one_is_not_listened_to(
    client: Client, record: Record, limit: Limit
) -> None:
    code = record()
    ending = receipt_keys.links().ending_of(code)
    for number in range(limit.most):
        if limit is WRONG_FOR_CLIENT:
            wrong = mistyped(receipt_keys.links().ending_of(invented(sequence=1000 + number)))
        else:
            wrong = mistyped(ending)
        assert client.get(f"/{wrong}/watch").status_code == 404
    page = client.get(f"/{ending}/watch")
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert b"Please wait a little" in page.content


def test_a_receipt_that_is_not_there_cannot_be_watched(client: Client, till: Till) -> None:
    assert client.post(linked_to(invented(terminal=till.number)), {"address": ADDRESS}).status_code == 404
    assert not Watch.objects.exists()


@pytest.mark.parametrize("type_", ["refund", "void"])
def test_whoever_would_watch_what_was_taken_back_as_a_whole_is_led_to_the_receipt_s_page(
    client: Client, linked: str, take_back: Callable[..., str], type_: str
) -> None:
    take_back(receipt_keys.links().read(linked.split("/")[1]).code, type=type_)
    for answer in (client.get(linked), client.post(linked, {"address": ADDRESS})):
        assert (answer.status_code, answer["Location"]) == (302, linked.removesuffix("/watch"))
    assert not Watch.objects.exists()


def test_a_test_receipt_cannot_be_watched(client: Client, till: Till) -> None:
    code = till.send(till.sale(mode="training")).json()["code"]
    page = client.post(linked_to(code), {"address": ADDRESS})
    assert b"Test receipt" in page.content
    assert not Watch.objects.exists()


def test_one_client_asks_only_so_often(client: Client, linked: str) -> None:
    for number in range(WATCHES.most):
        assert client.post(linked, {"address": f"{number}@example.org"}).status_code == 200
    assert client.post(linked, {"address": "one@example.com"}).status_code == 429
    assert Watch.objects.count() == WATCHES.most


def test_one_mailbox_gets_only_so_many_watches_an_hour(ledger: object) -> None:
    for number in range(WATCHES_PER_MAILBOX_AN_HOUR + 2):
        operations.ask(invented(sequence=100 + number), f"Jana+{number}@example.org", "en", now_())
    assert Watch.objects.count() == WATCHES_PER_MAILBOX_AN_HOUR
    later = now_() + timedelta(hours=1, seconds=1)
    operations.ask(invented(sequence=200), ADDRESS, "en", later)
    assert Watch.objects.count() == WATCHES_PER_MAILBOX_AN_HOUR + 1


def test_one_mailbox_gets_only_so_many_mails_a_day_and_the_page_does_not_tell(client: Client, linked: str) -> None:
    texts = set()
    for _ in range(ANSWERS_PER_MAILBOX_A_DAY + 2):
        texts.add(client.post(linked, {"address": ADDRESS}).content)
        cache.clear()
        send_mails()
    assert len(mail.outbox) == ANSWERS_PER_MAILBOX_A_DAY
    assert len(texts) == 1
    operations.ask(Watch.objects.get().code, ADDRESS, "en", now_() + timedelta(days=1, seconds=1))
    assert Mail.objects.filter(state=Mail.State.WAITING).count() == 1


def test_a_watch_is_removed_by_the_link_in_every_mail(client: Client, watching: Watch) -> None:
    path = f"/watch/remove/{token_of(watching.pk, Purpose.REMOVE)}"
    assert b"<button" in client.get(path).content
    assert Watch.objects.exists(), "a mail scanner's GET removed it"
    page = client.post(path)
    assert b"No longer watched" in page.content
    assert not Watch.objects.exists()
    assert not Mail.objects.exists()
    assert client.post(path).status_code == client.get(path).status_code == 200


def test_a_mail_program_removes_it_with_one_click(linked: str, client: Client) -> None:
    client.post(linked, {"address": ADDRESS})
    send_mails()
    headers = mail.outbox[0].message()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(headers["List-Unsubscribe"]).strip("<>")
    outside = Client(enforce_csrf_checks=True)
    answer = outside.post("/" + link.split("/", 3)[3], {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not answer.cookies
    assert not Watch.objects.exists()


def test_a_token_for_one_purpose_or_of_another_watch_is_worthless(client: Client, watching: Watch) -> None:
    confirm, remove = (token_of(watching.pk, purpose) for purpose in (Purpose.CONFIRM, Purpose.REMOVE))
    forged = watching.pk.hex + "." + "A" * 43
    for path in (f"/watch/remove/{confirm}", f"/watch/confirm/{remove}", f"/watch/remove/{forged}", "/watch/remove/x"):
        assert client.post(path).status_code == 404
    assert Watch.objects.exists()


def test_links_outlive_a_change_of_the_secret_key(watching: Watch, client: Client, settings: Any) -> None:
    path = f"/watch/remove/{token_of(watching.pk, Purpose.REMOVE)}"
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    client.post(path)
    assert not Watch.objects.exists()


def test_what_is_not_confirmed_is_forgotten(client: Client, linked: str) -> None:
    client.post(linked, {"address": ADDRESS})
    operations.purge(now_() + CONFIRM_WITHIN * 2)
    assert Watch.objects.exists(), "its mail has not even been sent"
    send_mails()
    operations.purge(now_() + CONFIRM_WITHIN - timedelta(minutes=1))
    assert Watch.objects.exists()
    operations.purge(now_() + CONFIRM_WITHIN + timedelta(minutes=1))
    assert not Watch.objects.exists()
    page = client.post(path_in(sent_text(), "/watch/confirm/"))
    assert page.status_code == 404
    assert b"This link has ended" in page.content


def test_a_watch_ends_after_two_years(watching: Watch) -> None:
    purge_watches()
    operations.purge(now_() + KEPT - timedelta(minutes=1))
    assert Watch.objects.exists()
    assert not Mail.objects.filter(ended_at__lt=now_() - ENDED_KEPT).exists()
    operations.purge(now_() + KEPT + timedelta(minutes=1))
    assert not Watch.objects.exists()


def test_mails_that_ended_long_ago_are_forgotten(watching: Watch) -> None:
    assert Mail.objects.count() == 1
    operations.purge(now_() + ENDED_KEPT - timedelta(minutes=1))
    assert Mail.objects.count() == 1
    operations.purge(now_() + ENDED_KEPT + timedelta(minutes=1))
    assert not Mail.objects.exists()
    assert Watch.objects.exists()


def test_the_mail_is_in_the_language_of_whoever_asked(linked: str) -> None:
    code = linked.split("/")[1]
    with translation.override("de"):
        operations.ask(receipt_keys.links().read(code).code, ADDRESS, translation.get_language() or "", now_())
    send_mails()
    assert mail.outbox[0].message()["Content-Language"] == "de"
    assert Watch.objects.get().language == "de"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_pages_take_no_other_method(client: Client, linked: str, method: str) -> None:
    assert getattr(client, method)(linked).status_code == 405


def test_pages_of_a_watch_are_kept_by_nobody(client: Client, linked: str, watching: Watch) -> None:
    for path in (linked, f"/watch/remove/{token_of(watching.pk, Purpose.REMOVE)}"):
        page = client.get(path)
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "no-referrer"
        assert "form-action 'self'" in page["Content-Security-Policy"]
        assert not page.cookies
