"""A contact as somebody typed it, in its one spelling, and the keyed hash by which it is found again."""

import hmac
from hashlib import sha256
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from lottery.players.models import CONTACT_MAX, Kind
from possys import sms
from possys.contact import NotAPhoneError, mailbox_of, normalise_phone

# What separates this use of SECRET_KEY from every other.
PURPOSE = b"lottery.players.contacts\x00"


class ContactError(ValueError):
    """The text is neither an address nor a phone number that we can write to."""


class Contact(NamedTuple):
    """`text` is what we write to; `same` tells same from different: addresses without what follows a plus."""

    kind: Kind
    text: str
    same: str

    @property
    def key(self) -> bytes:
        """Its keyed hash, under today's SECRET_KEY."""
        return keys_of(self)[0]


def read_contact(text: str) -> Contact:
    """The contact that somebody typed. Raises ContactError."""
    text = text.strip()
    if len(text) > CONTACT_MAX:
        raise ContactError
    return _mail(text) if "@" in text else _phone(text)


def _mail(text: str) -> Contact:
    try:
        validate_email(text)
    except ValidationError as fault:
        raise ContactError from fault
    return Contact(Kind.MAIL, text, mailbox_of(text))


def _phone(text: str) -> Contact:
    if not sms.is_offered():
        raise ContactError
    try:
        number = normalise_phone(text, settings.PHONE_REGION)
    except NotAPhoneError as fault:
        raise ContactError from fault
    return Contact(Kind.PHONE, number, number)


def keys_of(contact: Contact) -> list[bytes]:
    """Its keyed hashes under all SECRET_KEYs, the current one's first: a player may have come under an earlier one."""
    return [keyed(str(key), f"{contact.kind}:{contact.same}") for key in _secrets()]


def keyed_now(text: str) -> bytes:
    """A keyed hash that tells same from different and names nobody, under today's SECRET_KEY."""
    return keyed(_secrets()[0], text)


def keyed(secret: str, text: str) -> bytes:
    """HMAC-SHA256 under a key derived from a SECRET_KEY."""
    return hmac.digest(sha256(PURPOSE + secret.encode()).digest(), text.encode(), "sha256")


def _secrets() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
