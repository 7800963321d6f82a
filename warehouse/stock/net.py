"""What item lines come to without tax: each line's part of its tax code's row in the recap. Pure.

A sale states net and tax by tax code, not by line. Of the item lines of one code, in the receipt's order, the first k
together have

    net(k) = sum of their amounts x share, rounded half away from zero

and a line has what net(k) adds to net(k - 1). So rounding never adds up: the lines of a code together have what their
sum has, and no line is off by more than one minor unit. `share` is the recap's own net / (net + tax), so that the lines
of an ordinary receipt have exactly its net. It is worked out of the rate instead, 100 / (100 + rate), where the recap
is too small to tell it: a line is larger than the whole of its code (sold and given back on one receipt), or that is 0.
It is 1 where the taxes are not in the amounts, and where there is neither a recap nor a rate.

Lines that are no items (a discount on the whole receipt) have their part of the recap too, which nobody's product gets.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from transactions.sale import Line, Sale

Integers = npt.NDArray[np.int64]
# A rate in per cent has four decimals at most (transactions.decimals.RATE).
RATE_SCALE = 10_000
RATE_WHOLE = 100 * RATE_SCALE
# Products of two values stay below what 64 bits hold; larger ones, which no honest sale has, are multiplied in Python's
# own integers.
PRODUCT_MAX = 2**60
# A fleet has some dozen rates; past the bound the memory starts again.
RATES_REMEMBERED_MAX = 10_000


class Share(NamedTuple):
    """A fraction, both parts above 0."""

    part: int
    whole: int


ALL = Share(1, 1)
_rates: dict[str, Share] = {}


class Recap(NamedTuple):
    """What a code's row says: its whole without sign, and the two shares that can be taken from it."""

    size: int
    own: Share
    by_rate: Share


NO_RECAP = Recap(0, ALL, ALL)


def by_rate(rate: str | None) -> Share:
    """The part of an amount with tax that is not tax; all of it without a rate."""
    if rate is None:
        return ALL
    found = _rates.get(rate)
    if found is None:
        if len(_rates) >= RATES_REMEMBERED_MAX:
            _rates.clear()
        whole, _, decimals = rate.partition(".")
        scaled = int(whole) * RATE_SCALE + int(decimals.ljust(4, "0"))
        found = _rates[rate] = Share(RATE_WHOLE, RATE_WHOLE + scaled)
    return found


def recaps_of(sale: Sale) -> dict[str, Recap]:
    """A sale's recap by tax code; nothing where taxes are not in the amounts."""
    if not sale.taxes_included:
        return {}
    found = {}
    for row in sale.taxes:
        whole, share = row.net + row.tax, by_rate(row.rate)
        is_clear = (whole > 0 and row.net > 0) or (whole < 0 and row.net < 0)
        found[row.code] = (
            Recap(abs(whole), Share(abs(row.net), abs(whole)), share) if is_clear else Recap(0, ALL, share)
        )
    return found


def nets(sales: Sequence[Sale], counts: Sequence[int], lines: Sequence[Line], amounts: Integers) -> Integers:
    """Each item line's amount without tax, int64 or Python's integers; `counts` has how many of them each sale has.

    `lines` and `amounts` are those of all sales, one after the other.
    """
    if not len(amounts):
        return amounts
    groups, recaps = _grouped(sales, counts, lines)
    # Sums of a group may be as many times larger as there are lines.
    largest = max(abs(int(amounts.max())), abs(int(amounts.min()))) * len(amounts)
    bound = max(max(one.size, one.own.whole, one.by_rate.whole) for one in recaps) * largest
    own: npt.NDArray[np.int64] = amounts if bound < PRODUCT_MAX else amounts.astype(object)
    order = np.argsort(groups, kind="stable")
    starts, ordered, places = _starts(groups[order]), own[order], groups[order]
    shares = _shares(recaps, np.maximum.reduceat(abs(ordered), starts), own.dtype)
    running = np.cumsum(ordered)
    before = np.repeat(running[starts] - ordered[starts], np.diff([*starts, len(ordered)]))
    part, whole = shares[0][places], shares[1][places]
    through, until = _rounded(running - before, part, whole), _rounded(running - before - ordered, part, whole)
    made = np.empty_like(own)
    made[order] = through - until
    return made


def _grouped(sales: Sequence[Sale], counts: Sequence[int], lines: Sequence[Line]) -> tuple[Integers, list[Recap]]:
    """For each line the number of its group (its sale and tax code), ascending by sale; and each group's recap."""
    groups: list[int] = []
    recaps: list[Recap] = []
    at = 0
    for sale, count in zip(sales, counts, strict=True):
        if not count:
            continue
        known = recaps_of(sale)
        numbers: dict[str, int] = {}
        for line in lines[at : at + count]:
            code = line.tax
            number = numbers.get(code)
            if number is None:
                number = numbers[code] = len(recaps)
                recaps.append(known.get(code, NO_RECAP))
            groups.append(number)
        at += count
    return np.array(groups, dtype=np.int64), recaps


def _shares(recaps: list[Recap], largest: Integers, kind: "np.dtype[np.int64]") -> tuple[Integers, Integers]:
    """Both parts of each group's share."""
    taken = [one.own if size <= one.size else one.by_rate for one, size in zip(recaps, largest.tolist(), strict=True)]
    parts, wholes = zip(*taken, strict=True)
    return np.array(parts, dtype=kind), np.array(wholes, dtype=kind)


def _starts(ordered: Integers) -> Integers:
    """Where each group begins."""
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(is_first)


def _rounded(sums: Integers, part: Integers, whole: Integers) -> Integers:
    """The shares of sums, half away from zero."""
    sizes = (2 * abs(sums) * part + whole) // (2 * whole)
    return np.where(sums < 0, -sizes, sizes)
