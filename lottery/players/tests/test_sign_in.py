"""Signing in by a code: what is sent, what counts as right, the limits, and that a page tells nobody who plays."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from lottery.messages.models import Message
from lottery.messages.sending import send_mails, send_text_messages
from lottery.players import operations
from lottery.players.codes import CODE_VALID, TRIES_MAX, code_of
from lottery.players.contacts import Contact, read_contact
from lottery.players.models import Confirmation, Kind, Player, Sighting
from lottery.tests.factories import make_player, now
from possys.codes import ALPHABET

pytestmark = pytest.mark.django_db
FORM = {"contact": "jana@example.org", "agrees": "on"}
ENDING = "0123456789ABCDEFGHJK"


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def asked(client: Client, **changes: Any) -> str:
    """The path of the form for the code."""
    response = client.post("/lottery/sign-in", {**FORM, **changes})
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def code_for(path: str) -> str:
    return code_of(Confirmation.objects.get(pk=urlsplit(path).path.rpartition("/")[2]).pk)


def test_a_code_comes_by_mail_and_signs_in(client: Client) -> None:
    path = asked(client)
    send_mails(now)
    (sent,) = mail.outbox
    assert sent.to == ["jana@example.org"]
    (code,) = re.findall(r"^    (\d{6})$", str(sent.body), re.MULTILINE)
    assert code == code_for(path)
    response = client.post(path, {"code": f"{code[:3]} {code[3:]}"})
    assert response.headers["Location"] == "/lottery/tickets"
    assert client.cookies["player"]["httponly"]
    player = Player.objects.get()
    assert (player.kind, player.contact) == (Kind.MAIL, "jana@example.org")
    assert Sighting.objects.get().player == player
    assert player.tag in client.get("/lottery/tickets").content.decode()


def test_a_code_comes_by_text_message(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.SMS_URL = f"filesms://{tmp_path}"
    path = asked(client, contact="601 123 456")
    send_text_messages(now)
    (sent,) = tmp_path.iterdir()
    assert code_for(path) in sent.read_text()
    assert "+420601123456" in sent.read_text()


def test_without_a_gateway_no_phone_is_taken(client: Client, settings: Any) -> None:
    settings.SMS_URL = ""
    page = client.post("/lottery/sign-in", {**FORM, "contact": "+420601123456"})
    assert page.status_code == 400
    assert "This is not an e-mail address" in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contact": ""}, "Write where we should send the code."),
        ({"contact": "jana@"}, "This is neither"),
        ({"contact": "224 123 456"}, "This is neither"),
        ({"agrees": ""}, "Only who confirms this"),
    ],
)
def test_every_fault_is_named(client: Client, changes: dict[str, str], said: str) -> None:
    page = client.post("/lottery/sign-in", {**FORM, **changes})
    assert page.status_code == 400
    assert said in page.content.decode()
    assert not Confirmation.objects.exists()


def test_a_program_that_fills_everything_in_gets_nothing(client: Client) -> None:
    client.post("/lottery/sign-in", {**FORM, "leave_empty": "x"})
    assert not Confirmation.objects.exists()


def test_the_same_mailbox_is_the_same_player(client: Client) -> None:
    for address in ("jana@example.org", "Jana+lottery@Example.org"):
        path = asked(client, contact=address)
        client.post(path, {"code": code_for(path)})
    assert Player.objects.get().contact == "Jana+lottery@Example.org"


def test_a_player_is_found_under_an_earlier_secret_key(client: Client, settings: Any) -> None:
    contact = read_contact("jana@example.org")
    player = make_player(contact=contact.text, contact_key=contact.key)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert operations.confirm((made := operations.ask(contact, "en", now())).pk, code_of(made.pk), now()) == player


def test_a_wrong_code_counts_and_the_last_one_ends_it(client: Client) -> None:
    path = asked(client)
    right = code_for(path)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for left in range(TRIES_MAX - 1, 0, -1):
        assert f"{left} tr" in client.post(path, {"code": wrong}).content.decode()
    assert "cannot be used" in client.post(path, {"code": wrong}).content.decode()
    assert "cannot be used" in client.post(path, {"code": right}).content.decode()
    assert not Player.objects.exists()


def test_a_code_is_good_once_and_for_a_quarter_of_an_hour() -> None:
    made = operations.ask(Contact(Kind.MAIL, "a@example.org", "a@example.org"), "en", now())
    with pytest.raises(operations.CodeRefusedError):
        operations.confirm(made.pk, code_of(made.pk), now() + CODE_VALID + timedelta(seconds=1))
    operations.confirm(made.pk, code_of(made.pk), now())
    with pytest.raises(operations.CodeRefusedError):
        operations.confirm(made.pk, code_of(made.pk), now())


def test_a_contact_has_its_share_of_codes_and_the_page_does_not_tell(client: Client) -> None:
    contact = read_contact("jana@example.org")
    for _ in range(operations.CODES_PER_CONTACT_AN_HOUR):
        operations.ask(contact, "en", now())
    path = asked(client)
    assert client.get(path).status_code == 200
    assert Message.objects.count() == operations.CODES_PER_CONTACT_AN_HOUR
    # Nobody was sent this code, so a guess does not open it either.
    assert "cannot be used" in client.post(path, {"code": code_for(path)}).content.decode()


def test_a_code_that_came_too_late_is_not_sent() -> None:
    operations.ask(read_contact("jana@example.org"), "en", now() - CODE_VALID - timedelta(minutes=1))
    send_mails(now)
    assert not mail.outbox
    assert Message.objects.get().state == Message.State.FAILED


def test_the_receipt_that_somebody_came_with_is_kept(client: Client) -> None:
    page = client.get(f"/lottery/sign-in?receipt={ENDING}").content.decode()
    assert f'name="receipt" value="{ENDING}"' in page
    path = asked(client, receipt=ENDING)
    assert path.endswith(f"?receipt={ENDING}")
    response = client.post(path, {"code": code_for(path), "receipt": ENDING})
    assert response.headers["Location"] == f"/{ENDING}/lottery"


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/", "../admin", ENDING + "/x", "<script>"])
def test_nothing_else_is_led_on_to(client: Client, evil: str) -> None:
    path = asked(client, receipt=evil)
    assert "evil" not in path
    assert client.post(path, {"code": code_for(path), "receipt": evil}).headers["Location"] == "/lottery/tickets"


def test_signing_out_forgets_the_player(client: Client) -> None:
    path = asked(client)
    client.post(path, {"code": code_for(path)})
    client.post("/lottery/sign-out")
    assert client.get("/lottery/tickets").status_code == 302
    assert client.get("/lottery/sign-out").status_code == 405


def test_pages_are_kept_by_nobody(client: Client) -> None:
    path = asked(client)
    for page in (client.get("/lottery/sign-in"), client.get(path)):
        assert page["Cache-Control"] == "no-store"
        assert "form-action 'self'" in page["Content-Security-Policy"]
    assert "jana@" not in client.get(path).content.decode()


def test_a_tag_is_easy_to_tell_and_fits_the_sale() -> None:
    tags = {operations.new_tag() for _ in range(100)}
    assert len(tags) == 100
    assert all(len(tag) == 12 and tag[0] == "L" and set(tag[1:]) <= set(ALPHABET) for tag in tags)
