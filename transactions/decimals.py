"""Decimal strings of a sale as scaled integers: exact, checked, and remembered because tills repeat themselves."""

import re

# Quantities to a ten-thousandth (grams of a tonne), unit prices to a ten-thousandth of a minor unit (fuel, bulk).
QUANTITY_SCALE = 10_000
PRICE_SCALE = 10_000
# Nine digits before the point: a million tonnes, or ten million in major units.
DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,8})(?:\.\d{1,4})?", re.ASCII)
PRICE = re.compile(r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,4})?", re.ASCII)
RATE = re.compile(r"(?:0|[1-9]\d{0,2})(?:\.\d{1,4})?", re.ASCII)
GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
# A store's assortment has some ten thousand prices; past the bound the memory starts again, so that it cannot grow.
REMEMBERED_MAX = 100_000

_quantities: dict[str, int] = {}
_prices: dict[str, int] = {}
_gtins: dict[str, bool] = {}
_rates: set[str] = set()


def _scaled(text: str, scale: int) -> int:
    whole, _, fraction = text.partition(".")
    magnitude = int(whole.lstrip("-")) * scale + (int(fraction.ljust(4, "0")) if fraction else 0)
    return -magnitude if text.startswith("-") else magnitude


def quantity(text: str) -> int:
    """A quantity in ten-thousandths. Raises ValueError saying the form."""
    known = _quantities.get(text)
    if known is not None:
        return known
    if DECIMAL.fullmatch(text) is None:
        raise ValueError('must be a decimal string such as "2.000": at most 9 digits and 4 decimals, no exponent')
    if len(_quantities) >= REMEMBERED_MAX:
        _quantities.clear()
    return _quantities.setdefault(text, _scaled(text, QUANTITY_SCALE))


def price(text: str) -> int:
    """A unit price in ten-thousandths of a minor unit. Raises ValueError saying the form."""
    known = _prices.get(text)
    if known is not None:
        return known
    if PRICE.fullmatch(text) is None:
        raise ValueError('must be a decimal string in minor units such as "2550": at most 12 digits and 4 decimals')
    if len(_prices) >= REMEMBERED_MAX:
        _prices.clear()
    return _prices.setdefault(text, _scaled(text, PRICE_SCALE))


def rate(text: str) -> None:
    """Checks a tax rate in per cent. Raises ValueError saying the form."""
    if text in _rates:
        return
    if RATE.fullmatch(text) is None:
        raise ValueError('must be a decimal string in per cent such as "12.00", or null')
    if len(_rates) >= REMEMBERED_MAX:
        _rates.clear()
    _rates.add(text)


def gtin_is_valid(text: str) -> bool:
    """Whether it is a GTIN-8, 12, 13 or 14 with a right check digit (source: GS1 General Specifications 7.9)."""
    known = _gtins.get(text)
    if known is None:
        if len(_gtins) >= REMEMBERED_MAX:
            _gtins.clear()
        known = GTIN.fullmatch(text) is not None and (
            sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(text))) % 10 == 0
        )
        _gtins[text] = known
    return known
