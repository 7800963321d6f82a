"""How people are reached: addresses and phone numbers in one spelling each, and masked for whoever looks. Pure."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

# What may be a mobile phone: some countries do not tell the two kinds apart.
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
# Digits of a number that stay visible: the owner recognises it, nobody else does.
SHOWN_DIGITS = 3
# The plus and the longest country code.
PREFIX_LENGTH = 4


class NotAPhoneError(ValueError):
    """The text is no phone number that can get text messages."""


def normalise_phone(text: str, region: str) -> str:
    """A mobile number as E.164 (`+420601123456`); without a country code it is one of the region. NotAPhoneError."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as fault:
        raise NotAPhoneError from fault
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        raise NotAPhoneError
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def mailbox_of(address: str) -> str:
    """What counts as one mailbox: `Jana+shop@Example.org` is delivered as `jana@example.org` by most providers."""
    name, _, host = address.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"


def masked(contact: str) -> str:
    """Enough for its owner to know it again: `j•••@example.org`, `+420•••456`."""
    name, at, host = contact.rpartition("@")
    return f"{name[:1]}•••@{host}" if at else f"{contact[:PREFIX_LENGTH]}•••{contact[-SHOWN_DIGITS:]}"
