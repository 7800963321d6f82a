"""The lottery's outbox: two channels, of which neither holds the other back, and what a refusal for good means."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from lottery.messages.models import Message
from lottery.messages.sending import send_mails, send_text_messages
from lottery.players import operations
from lottery.players.contacts import read_contact
from lottery.players.models import Kind
from lottery.tests.factories import now
from possys.outbox import FIRST_PAUSE, TRIES_MAX, Run
from possys.tests.gateway import Far, far_gateway

pytestmark = pytest.mark.django_db
PHONE, OTHER_PHONE, ADDRESS = "+420601123456", "+420601123457", "jana@example.org"
NOBODY_LISTENS = 1


@pytest.fixture
def far(settings: Any) -> Iterator[Far]:
    with far_gateway() as far:
        settings.SMS_URL, settings.SMS_TOKEN = far.address, "secret"
        yield far


def write(contact: str) -> Message:
    """A message with a code, waiting."""
    confirmation = operations.ask(read_contact(contact), "en", now())
    return Message.objects.get(confirmation=confirmation)


def test_a_gateway_that_is_away_holds_no_mail_back_and_counts_no_try(settings: Any) -> None:
    text, _ = write(PHONE), write(ADDRESS)
    settings.SMS_URL = f"http://127.0.0.1:{NOBODY_LISTENS}/"
    for _ in range(TRIES_MAX + 1):
        assert send_text_messages(now) == Run(is_away=True)
    assert send_mails(now) == Run(sent=1)
    assert [sent.to for sent in mail.outbox] == [[ADDRESS]]
    text.refresh_from_db()
    assert (text.state, text.tries) == (Message.State.WAITING, 0)


def test_a_mail_server_that_is_away_holds_no_text_message_back_and_counts_no_try(settings: Any, far: Far) -> None:
    letter, text = write(ADDRESS), write(PHONE)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", NOBODY_LISTENS
    assert send_mails(now) == Run(is_away=True)
    far.answers.append(202)
    assert send_text_messages(now) == Run(sent=1)
    assert [(said["id"], said["to"]) for _, said in far.got] == [(str(text.pk), PHONE)]
    letter.refresh_from_db()
    assert (letter.state, letter.tries) == (Message.State.WAITING, 0)


def test_a_number_that_is_refused_for_good_is_given_up_at_once_and_keeps_no_other(far: Far) -> None:
    refused, taken = write(PHONE), write(OTHER_PHONE)
    far.answers.extend([422, 202])
    assert send_text_messages(now) == Run(sent=1, failed=1)
    refused.refresh_from_db()
    taken.refresh_from_db()
    assert (refused.state, refused.tries, refused.fault) == (Message.State.FAILED, 1, "the gateway answered 422: no")
    assert refused.ended_at is not None
    assert taken.state == Message.State.SENT
    assert send_text_messages(lambda: now() + timedelta(minutes=5)) == Run()


def test_a_busy_gateway_gets_the_same_message_again_under_the_same_id(far: Far) -> None:
    text = write(PHONE)
    far.answers.extend([503, 202])
    assert send_text_messages(now) == Run(put_off=1)
    text.refresh_from_db()
    assert (text.state, text.tries) == (Message.State.WAITING, 1)
    assert send_text_messages(now) == Run(), "it was tried again at once"
    assert send_text_messages(lambda: now() + FIRST_PAUSE * 2) == Run(sent=1)
    assert [headers["Idempotency-Key"] for headers, _ in far.got] == [str(text.pk)] * 2


def test_a_redirect_takes_neither_the_token_nor_the_number_elsewhere(far: Far) -> None:
    write(PHONE)
    far.answers.append(307)
    assert send_text_messages(now) == Run(put_off=1)
    assert len(far.got) == 1


def test_without_a_gateway_what_was_written_waits(settings: Any) -> None:
    text = write(PHONE)
    settings.SMS_URL = ""
    assert send_text_messages(now) == Run()
    text.refresh_from_db()
    assert (text.channel, text.state, text.tries) == (Kind.PHONE, Message.State.WAITING, 0)
