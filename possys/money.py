"""Money: integer minor units of an ISO 4217 currency, and how they are shown."""

import re
from decimal import Decimal

from babel.core import Locale, get_global
from babel.numbers import format_currency

# The largest integer that every JSON reader keeps exactly (2^53 - 1); it bounds every amount.
AMOUNT_MAX = 2**53 - 1

LETTERS_END = re.compile(r"(?<=[A-Z])(?=\d)")

CURRENCIES: frozenset[str] = frozenset(get_global("all_currencies"))
# The exponents of ISO 4217 that are not 2. CLDR's own digits are what people show by habit, such as none for RSD, whose
# minor unit is a hundredth all the same.
DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
ORDINARY_DIGITS = 2
_DECIMALS = re.compile(r"0(?:\.0+)?(?=[^0#]*(?:;|$))")


def minor_digits(currency: str) -> int:
    """Decimal digits of a currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD (source: ISO 4217)."""
    return DIGITS.get(currency, ORDINARY_DIGITS)


def major(minor: int, currency: str) -> Decimal:
    """The amount in major units, exact."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def shown(minor: int, currency: str, locale: str = "en") -> str:
    """The amount as people of the locale write it: `CZK 103.00`, `$5.49`."""
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    text = written(minor, currency, pattern, locale)
    # Babel knows no spacing between a currency that is written in letters and its figures; CLDR asks for one.
    return LETTERS_END.sub("\u00a0", text)


def written(minor: int, currency: str, pattern: str, locale: str) -> str:
    """The amount by a CLDR pattern, with as many decimals as the currency has."""
    digits = minor_digits(currency)
    own = _DECIMALS.sub("0." + "0" * digits if digits else "0", pattern)
    return format_currency(major(minor, currency), currency, own, locale, currency_digits=False)
