"""Amounts as people copy them from a receipt, read into minor units. Pure.

A receipt's currency is not known while its total is read, and `1.234` is a thousand crowns or one dinar and a bit. So
one text gives an amount for each number of decimals that a currency can have, and the sale's own currency chooses.
"""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from possys.money import AMOUNT_MAX

# Decimal digits of the world's currencies (source: CLDR after ISO 4217, see possys.money.minor_digits): none as in JPY,
# two as in EUR, three as in KWD, four as in CLF.
EXPONENTS = (0, 2, 3, 4)
# `CZK -90 071 992 547 409,91` has 27 characters; anything much longer is no amount.
TEXT_LENGTH_MAX = 40

# A sign of the currency or its letters, before or after the figures: `€`, `Kč`, `CZK`, `din.`, `US$`.
_CURRENCY = r"(?:[^\W\d_]{1,4}\.?|[^\W\d_]{0,3}[$£¥€₡-₿])?"
_MINUS = r"[-\u2010-\u2014\u2212]"
# `51,-` and `51.—` are whole crowns, not a negative amount.
_WHOLE = re.compile(rf"(?<=\d)[.,]{_MINUS}(?=\D*$)")
_AMOUNT = re.compile(
    rf"(?P<before>{_MINUS})?\s*{_CURRENCY}\s*(?P<inner>{_MINUS})?\s*(?P<figures>\d[\d.,'\u2019\s]*?)\s*"
    rf"(?P<after>{_MINUS})?\s*{_CURRENCY}\s*\Z"
)
_SEPARATORS = re.compile(r"[.,'\u2019\s]")
# `1 234 567`, and `12,34,567` as in India: the last group has three digits.
_GROUPED = re.compile(r"\d{1,3}(?:(?P<separator>[.,'\u2019\s])\d{2,3}(?:(?P=separator)\d{2,3})*)?")


class AmountError(ValueError):
    """A text is no amount; its string is a sentence for the customer."""


def minor_candidates(text: str) -> dict[int, int]:
    """The amount in minor units, by the number of decimals that the currency has (one of EXPONENTS).

    `51,00` gives `{0: 51, 2: 5100, 3: 51000, 4: 510000}`; `51,50` nothing for 0, since such a currency has no halves. A
    single separator before three digits is read as a decimal one where the currency has three decimals, else as one
    between thousands. Raises AmountError.
    """
    if not text.strip():
        raise AmountError(_("Type the total as it is printed on the receipt."))
    if len(text) > TEXT_LENGTH_MAX:
        raise AmountError(_("The total is too long: type only the figures, such as 103.50."))
    # Blanks and figures of other widths become plain ones.
    read = _AMOUNT.match(_WHOLE.sub("", unicodedata.normalize("NFKC", text).strip()))
    if read is None or not _is_plain(read["figures"]):
        raise AmountError(_("The total is an amount in figures, such as 103.50."))
    signs = [read[name] for name in ("before", "inner", "after") if read[name]]
    if len(signs) > 1:
        raise AmountError(_("The total has more than one minus sign."))
    found = _by_exponent(read["figures"])
    if not found:
        raise AmountError(_("The total is an amount in figures, such as 103.50."))
    if min(found.values()) > AMOUNT_MAX:
        raise AmountError(_("The total is larger than any receipt’s."))
    return {exponent: -minor if signs else minor for exponent, minor in found.items() if minor <= AMOUNT_MAX}


def _is_plain(figures: str) -> bool:
    """Whether they are ASCII, but for the apostrophe between thousands."""
    return figures.replace("\u2019", "'").isascii()


def _by_exponent(figures: str) -> dict[int, int]:
    """The unsigned amount by exponent; empty when the figures are not written like an amount."""
    found: dict[int, int] = {}
    separators = _SEPARATORS.findall(figures)
    if _is_grouped(figures):
        whole = int(_SEPARATORS.sub("", figures))
        found = {exponent: whole * 10**exponent for exponent in EXPONENTS}
    if separators and separators[-1] in ".,":
        before, _separator, decimals = figures.rpartition(separators[-1])
        if _is_grouped(before) and separators.count(separators[-1]) == 1 and decimals:
            for exponent in EXPONENTS:
                # Taken before the reading as thousands only where it uses up the currency's decimals, see above.
                if exponent not in found or len(decimals) == exponent:
                    _add(found, exponent, _SEPARATORS.sub("", before), decimals)
    return found


def _is_grouped(figures: str) -> bool:
    read = _GROUPED.fullmatch(figures)
    if figures.isdigit():
        return True
    groups = _SEPARATORS.split(figures)
    return read is not None and len(groups[-1]) == 3 and not figures.startswith("0")


def _add(found: dict[int, int], exponent: int, whole: str, decimals: str) -> None:
    """Adds the amount, unless it has decimals that the currency has not."""
    kept, lost = decimals[:exponent], decimals[exponent:]
    if not lost.strip("0"):
        found[exponent] = int(whole + kept.ljust(exponent, "0"))
