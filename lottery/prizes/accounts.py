"""Whom to pay: the name as a bank takes it, and the account as an IBAN. Pure."""

import re

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from stdnum import iban
from stdnum.exceptions import InvalidComponent, InvalidLength, ValidationError

# Country, check digits, and what the country makes of the rest (ISO 13616).
SHAPE = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]+")
# So many letters tell a name from a slip.
NAME_LETTERS_MIN = 2
# Symbols at the end of an account that tell its owner which one it is, and nobody else anything.
SHOWN = 4


class AccountError(ValueError):
    """A name or account that nobody can pay to; `said` is a sentence for the player."""

    def __init__(self, said: StrOrPromise) -> None:
        super().__init__(said)
        self.said = said


SHAPELESS = _("An IBAN begins with two letters and two digits, and has only letters and digits.")
MISTYPED = _("The IBAN contains a typing error. Compare it with your bank’s papers.")
FAULTS: dict[type[ValidationError], StrOrPromise] = {
    InvalidLength: _("The IBAN is too short or too long for its country."),
    InvalidComponent: _("No country’s IBAN begins like this."),
}


def read_account(text: str) -> str:
    """An IBAN without blanks, in capitals, from what was typed. Raises AccountError."""
    try:
        found: str = iban.compact(text)
        if not SHAPE.fullmatch(found):
            raise AccountError(SHAPELESS)
        iban.validate(found)
    except ValidationError as fault:
        raise AccountError(FAULTS.get(type(fault), MISTYPED)) from fault
    return found


def read_payee(text: str) -> str:
    """A name with single blanks. Raises AccountError."""
    name = " ".join(text.split())
    if not name.isprintable() or sum(character.isalpha() for character in name) < NAME_LETTERS_MIN:
        raise AccountError(_("Write the name of the account’s owner, as the bank has it."))
    return name


def masked(account: str) -> str:
    """An account as its owner knows it again: its country and its last symbols."""
    return f"{account[:2]} •••• {account[-SHOWN:]}" if account else ""
