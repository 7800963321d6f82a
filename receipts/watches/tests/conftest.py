"""What the tests of the watches look at: a linked receipt, the mails that were sent, a mail server that speaks SMTP."""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client

from possys import receipt_keys
from receipts.tests.conftest import record, store_away
from receipts.watches.models import Watch
from receipts.watches.tasks import send_mails
from receipts.watches.tests.mail_server import MailServer
from tests.factories import make_refund
from tests.tills import Till

__all__ = ["record", "store_away"]

ADDRESS = "jana@example.org"
LINKS = re.compile(r"^https?://\S+$", re.MULTILINE)


def path_in(text: str, part: str) -> str:
    """The path of the mail's link that holds this part."""
    (found,) = [str(urlsplit(link).path) for link in LINKS.findall(text) if part in link]
    return found


@pytest.fixture
def linked(record: Callable[..., str]) -> str:
    """The path of a recorded sale's form for watching."""
    return f"/{receipt_keys.links().ending_of(record())}/watch"


@pytest.fixture
def watching(client: Client, linked: str) -> Watch:
    """A confirmed watch; its confirmation mail was sent and is forgotten."""
    client.post(linked, {"address": ADDRESS})
    send_mails()
    client.post(path_in(str(mail.outbox[0].body), "/watch/confirm/"))
    mail.outbox.clear()
    return Watch.objects.exclude(confirmed_at=None).get()


@pytest.fixture
def take_back(till: Till, flush_everything: Callable[[], object]) -> Callable[..., str]:
    """Sends a refund (or void) of a code and flushes it; answers its own code."""

    def take_back(code: str, **changes: Any) -> str:
        till.sequence += 1
        answer = till.send(make_refund(code, terminal=till.number, sequence=till.sequence, **changes))
        assert answer.status == 201, answer.body
        flush_everything()
        return str(answer.json()["code"])

    return take_back


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A mail server of our own, which the site is told to use; `stop` and `start` it."""
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.address
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield server
    server.stop()


def parsed(raw: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found
