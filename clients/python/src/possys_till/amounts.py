"""Money as integers of minor units, and decimals as exact integers: nothing here is ever a float."""

import re
from decimal import Decimal

# The largest integer that every JSON reader keeps exactly; it bounds every amount.
AMOUNT_MAX = 2**53 - 1
SCALE = 10_000
DECIMALS = 4
PER_CENT = 100 * SCALE
QUANTITY = re.compile(r"-?(?:0|[1-9]\d{0,8})(?:\.\d{1,4})?", re.ASCII)
PRICE = re.compile(r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,4})?", re.ASCII)
RATE = re.compile(r"(?:0|[1-9]\d{0,2})(?:\.\d{1,4})?", re.ASCII)
# The exponents of ISO 4217 that are not 2.
DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
ORDINARY_DIGITS = 2

Number = int | str | Decimal


def written(number: Number) -> str:
    """A number as a decimal string, as short as it was given. Raises ValueError for a float and what is no number."""
    if isinstance(number, str):
        return number.strip()
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise ValueError("must be an int, a Decimal or a decimal string: a float is not exact")
    return format(number, "f") if isinstance(number, Decimal) else str(number)


def scaled(text: str) -> int:
    """A decimal string that was checked, in ten-thousandths."""
    whole, _, fraction = text.partition(".")
    magnitude = int(whole.lstrip("-")) * SCALE + int(fraction.ljust(DECIMALS, "0") or "0")
    return -magnitude if text.startswith("-") else magnitude


def divided(dividend: int, divisor: int) -> int:
    """The quotient, rounded half away from zero; the divisor is positive."""
    quotient = (2 * abs(dividend) + divisor) // (2 * divisor)
    return -quotient if dividend < 0 else quotient


def product(quantity: str, price: str) -> int:
    """Quantity times unit price in minor units."""
    return divided(scaled(quantity) * scaled(price), SCALE * SCALE)


def net_of_gross(gross: int, rate: str | None) -> int:
    """The part of an amount without its tax; `rate` in per cent, None where there is none."""
    return gross if rate is None else divided(gross * PER_CENT, PER_CENT + scaled(rate))


def tax_on_net(net: int, rate: str | None) -> int:
    """The tax that comes on top of an amount."""
    return 0 if rate is None else divided(net * scaled(rate), PER_CENT)


def rounded_to(amount: int, step: int) -> int:
    """The amount as the nearest multiple of the smallest coin; unchanged without one (0 or 1)."""
    return divided(amount, step) * step if step > 1 else amount


def digits_of(currency: str) -> int:
    """Decimal digits of a currency's minor unit (source: ISO 4217)."""
    return DIGITS.get(currency, ORDINARY_DIGITS)


def shown(amount: int, currency: str) -> str:
    """An amount of minor units as a receipt shows it, without the currency: -12.50."""
    digits = digits_of(currency)
    text = str(abs(amount)).rjust(digits + 1, "0")
    text = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"-{text}" if amount < 0 else text


def read_money(text: str, currency: str) -> int:
    """An amount in whole units as somebody types it, 12.5 or 12,50, in minor units. Raises ValueError."""
    digits = digits_of(currency)
    found = re.fullmatch(r"(-?)(\d{1,12})(?:[.,](\d+))?", text.strip(), re.ASCII)
    if found is None or len(found[3] or "") > digits:
        example = "12" if not digits else f"12.{'50'.ljust(digits, '0')[:digits]}"
        raise ValueError(f"{text!r} is no amount of {currency} such as {example}")
    amount = int(found[2] + (found[3] or "").ljust(digits, "0"))
    return -amount if found[1] else amount
