"""Money: integer minor units of an ISO 4217 currency, and how they are shown."""

import re
from decimal import Decimal

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

# The largest integer that every JSON reader keeps exactly (2^53 - 1); it bounds every amount.
AMOUNT_MAX = 2**53 - 1

LETTERS_END = re.compile(r"(?<=[A-Z])(?=\d)")

CURRENCIES: frozenset[str] = frozenset(get_global("all_currencies"))


def minor_digits(currency: str) -> int:
    """Decimal digits of a currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD (source: CLDR, after ISO 4217)."""
    return get_currency_precision(currency)


def major(minor: int, currency: str) -> Decimal:
    """The amount in major units, exact."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def shown(minor: int, currency: str, locale: str = "en") -> str:
    """The amount as people of the locale write it: `CZK 103.00`, `$5.49`."""
    text = format_currency(major(minor, currency), currency, locale=locale, currency_digits=True)
    # Babel knows no spacing between a currency that is written in letters and its figures; CLDR asks for one.
    return LETTERS_END.sub("\u00a0", text)
