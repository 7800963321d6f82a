"""Whom to pay: the name as a bank takes it, and the account as an IBAN. Pure."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from stdnum import iban
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength, ValidationError

# So many letters tell a name from a slip.
NAME_LETTERS_MIN = 2
# Symbols at the end of an account that tell its owner which one it is, and nobody else anything.
SHOWN = 4


class AccountError(ValueError):
    """A name or account that nobody can pay to; `said` is a sentence for the player."""

    def __init__(self, said: StrOrPromise) -> None:
        super().__init__(said)
        self.said = said


FAULTS: tuple[tuple[type[ValidationError], StrOrPromise], ...] = (
    (InvalidChecksum, _("The IBAN contains a typing error. Compare it with your bank’s papers.")),
    (InvalidLength, _("The IBAN is too short or too long for its country.")),
    (InvalidComponent, _("No country’s IBAN begins like this.")),
    (InvalidFormat, _("An IBAN begins with two letters and two digits, and has only letters and digits.")),
)


def read_account(text: str) -> str:
    """An IBAN without blanks, in capitals, from what was typed. Raises AccountError."""
    try:
        found: str = iban.validate(text)
    except ValidationError as fault:
        said = next((said for kind, said in FAULTS if isinstance(fault, kind)), FAULTS[-1][1])
        raise AccountError(said) from fault
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
