"""Texts and amounts as audit files hold them, whatever a till or an owner once typed. Pure."""

import re

from possys.money import minor_digits

# Line breaks among them: a reader that goes by lines would see a second record.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# No XML 1.0 document may hold these, escaped or not (W3C, "Extensible Markup Language 1.0", 2.2 Characters).
_FORBIDDEN = re.compile(r"[\ud800-\udfff\ufffe\uffff]")
REPLACEMENT = "\ufffd"
# Both formats write totals with two decimals, so a currency with more cannot be written.
DECIMALS = 2


def plain(text: str, length_max: int) -> str:
    """One line of the text, cut at the length that the format allows; what cannot be written is shown as U+FFFD."""
    return _FORBIDDEN.sub(REPLACEMENT, _CONTROLS.sub(" ", text))[:length_max]


def decimal_text(scaled: int, digits: int, point: str) -> str:
    """A scaled integer as a decimal: (-1234, 2, ",") gives "-12,34"; no digits gives no point."""
    sign, figures = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(digits + 1, "0")
    return f"{sign}{figures[:-digits]}{point}{figures[-digits:]}" if digits else sign + figures


def fits(currency: str) -> bool:
    """Whether amounts of the currency can be written."""
    return minor_digits(currency) <= DECIMALS


def factor_of(currency: str) -> int:
    """What an amount in minor units is multiplied by to have DECIMALS decimals. The currency must fit."""
    return int("1" + "0" * (DECIMALS - minor_digits(currency)))
