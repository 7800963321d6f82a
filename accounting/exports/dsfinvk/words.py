"""Our words in those of DSFinV-K: kinds of lines, ways of payment, countries. Pure."""

from functools import lru_cache

from babel.core import get_global

# Annex C of the standard. Who accepts returned deposits pays them out; a voucher is for many things.
_CASES = {
    "item": "Umsatz",
    "discount": "Rabatt",
    "deposit": "Pfand",
    "tip": "TrinkgeldAN",
    "voucher": "MehrzweckgutscheinKauf",
    "other": "Umsatz",
}
DEPOSIT_BACK = "PfandRueckzahlung"
# A receipt's rounding is a line of its own here, so that lines add up to what was paid.
ROUNDED_UP, ROUNDED_DOWN = "Aufschlag", "Rabatt"
# Annex D. Tills do not say of which kind a card is.
_PAYMENTS = {"cash": "Bar", "voucher": "Guthabenkarte"}
NOT_CASH, NO_PAYMENT = "Unbar", "Keine"
CASH = "cash"
RECEIPT = "Beleg"
REFERENCE = "Transaktion"
# Key 5 of the standard's table of taxes: outside the scope. Keys from 1000 are anybody's own, and so are tax codes.
OUTSIDE_SCOPE = 5
OWN_TAXES_FROM = 1000
# Codes of countries that are no more; CLDR still knows what became of them.
_WITHDRAWN = frozenset({"ANT", "BUR", "DDR", "FXX", "NTZ", "SCG", "SUN", "TMP", "YMD", "YUG", "ZAR"})


def case(kind: str, amount: int) -> str:
    """GV_TYP of a line."""
    return DEPOSIT_BACK if kind == "deposit" and amount < 0 else _CASES[kind]


def payment(method: str) -> str:
    """ZAHLART_TYP of a payment."""
    return _PAYMENTS.get(method, NOT_CASH)


def country(two_letters: str) -> str:
    """ISO 3166's three letters for its two; empty where there are none (source: CLDR's territory aliases)."""
    return _three_letters().get(two_letters, "")


@lru_cache(maxsize=1)
def _three_letters() -> dict[str, str]:
    aliases = get_global("territory_aliases").items()
    return {
        now[0]: code
        for code, now in aliases
        if len(code) == 3 and code.isalpha() and code not in _WITHDRAWN and len(now) == 1
    }
