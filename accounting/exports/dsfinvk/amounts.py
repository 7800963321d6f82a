"""A line's amount with and without its tax, to five decimals as DSFinV-K has them. Whole numbers only. Pure.

A receipt says its taxes in its recap, once for each tax; of a line only the amount is known, so its net and its tax are
worked out here and rounded half away from zero at the fifth decimal.
"""

from typing import NamedTuple

from transactions.decimals import PRICE_SCALE, QUANTITY_SCALE

# Amounts that are worked out have five decimals, those in minor units two.
FINE_PER_MINOR = 1_000
# Rates are in per cent with four decimals.
RATE_ONE = 100 * 10_000
# Quantities are written with three decimals, and kept with four.
QUANTITY_STEP = QUANTITY_SCALE // 1_000


class Amounts(NamedTuple):
    """In the fifth decimal of the major unit: gross = net + tax."""

    gross: int
    net: int
    tax: int


def divided(number: int, by: int) -> int:
    """Rounded half away from zero; `by` is positive."""
    half_up = (2 * abs(number) + by) // (2 * by)
    return -half_up if number < 0 else half_up


def scaled_rate(rate: str | None) -> int:
    """A rate in per cent, `12.50`, in ten-thousandths; 0 where there is none."""
    whole, _, fraction = (rate or "0").partition(".")
    return int(whole) * 10_000 + int(fraction.ljust(4, "0"))


def of_line(minor: int, rate: int, *, included: bool) -> Amounts:
    """A line's `amount`, with the tax in it or not."""
    given = minor * FINE_PER_MINOR
    if included:
        net = divided(given * RATE_ONE, RATE_ONE + rate)
        return Amounts(given, net, given - net)
    tax = divided(given * rate, RATE_ONE)
    return Amounts(given + tax, given, tax)


def of_recap(net: int, tax: int) -> Amounts:
    """A row of the recap: nothing is rounded."""
    return Amounts((net + tax) * FINE_PER_MINOR, net * FINE_PER_MINOR, tax * FINE_PER_MINOR)


def unit_price(price: int, factor: int, rate: int, *, included: bool) -> int:
    """A unit price with its tax in the fifth decimal; `price` in ten-thousandths of a minor unit."""
    gross = RATE_ONE if included else RATE_ONE + rate
    return divided(price * factor * FINE_PER_MINOR * gross, PRICE_SCALE * RATE_ONE)


def short_quantity(quantity: int) -> int:
    """A quantity in thousandths, out of ten-thousandths."""
    return divided(quantity, QUANTITY_STEP)
