"""What happened at the tills in a span of the moved year: every basket sold, some voided, some partly returned.

A pure function of the baskets, the span and the tills: the same on every day and in every process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from transactions.replay.history.chance import Purpose, below, one_in
from transactions.replay.rules import Rule
from transactions.replay.source import DAY_S, Integers, Year

# Of the baskets with a value: rare enough to be news on a retailer's page, frequent enough to be there every week.
VOID_ONE_IN = 400
REFUND_ONE_IN = 150
# Made while the network was away.
OFFLINE_ONE_IN = 50
# A void follows within minutes, a return within two weeks and about the same time of day, when the store is open.
VOID_AFTER_S = (60, 360)
REFUND_DAYS = (1, 14)
REFUND_TIME_S = (-3600, 3600)


class Kind(IntEnum):
    """What was rung up; in this order at the same moment."""

    SALE = 0
    REFUND = 1
    VOID = 2


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the moved year: `moved_s` is each basket's second on its store's clock, `after_s` < it <= `until_s`.

    Nothing happens later than `now_s`, the moment to which the year was moved.
    """

    moved_s: Integers
    after_s: int
    until_s: int
    now_s: int


@dataclass(frozen=True, slots=True)
class Happenings:
    """One row for each receipt, in order of time; `origins` is the row of the sale that it takes back, or its own."""

    kinds: npt.NDArray[np.uint8]
    baskets: Integers
    origins: Integers
    wall_s: Integers
    terminals: Integers
    offline: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kinds)

    def counts(self) -> dict[int, int]:
        """How many numbers each terminal needs."""
        terminals, counts = np.unique(self.terminals, return_counts=True)
        return dict(zip(terminals.tolist(), counts.tolist(), strict=True))

    def sequences(self, firsts: Mapping[int, int]) -> Integers:
        """Each row's sequence number: without a gap from its terminal's first one, in order of time."""
        order = np.argsort(self.terminals, kind="stable")
        _, starts, counts = np.unique(self.terminals[order], return_index=True, return_counts=True)
        ranks = np.arange(len(order)) - np.repeat(starts, counts)
        found = np.empty(len(order), dtype=np.int64)
        found[order] = ranks + np.array(
            [firsts[terminal] for terminal in self.terminals[order].tolist()], dtype=np.int64
        )
        return found


def happenings(year: Year, span: Span, tills: Mapping[int, Sequence[int]]) -> Happenings:
    """Everything of the span at the stores of `tills`, which names each store's terminals."""
    inside = (span.moved_s > span.after_s) & (span.moved_s <= span.until_s)
    chosen = np.flatnonzero(inside & np.isin(year.stores, list(tills)))
    numbers = year.numbers[chosen]
    own = [
        tills[store][number % len(tills[store])]
        for store, number in zip(year.stores[chosen].tolist(), numbers.tolist(), strict=True)
    ]
    at_s = span.moved_s[chosen]
    parts = [(Kind.SALE, np.arange(len(chosen)), at_s), *taken_back(year, chosen, at_s)]
    kinds = np.concatenate([np.full(len(rows), kind, dtype=np.uint8) for kind, rows, _ in parts])
    origins = np.concatenate([rows for _, rows, _ in parts])
    wall_s = np.concatenate([moment for _, _, moment in parts])
    # A return is made at the store's first till, the service desk.
    desks = [tills[store][0] for store in year.stores[chosen].tolist()]
    terminals = np.where(
        kinds == Kind.REFUND, np.array(desks, dtype=np.int64)[origins], np.array(own, dtype=np.int64)[origins]
    )
    order = np.lexsort((numbers[origins], kinds, wall_s))
    order = order[wall_s[order] <= span.now_s]
    places = np.empty(len(kinds), dtype=np.int64)
    places[order] = np.arange(len(order))
    return Happenings(
        kinds=kinds[order],
        baskets=chosen[origins[order]],
        # The first rows are the sales, none of which lies ahead.
        origins=places[origins[order]],
        wall_s=wall_s[order],
        terminals=terminals[order],
        offline=(one_in(numbers, Purpose.OFFLINE, OFFLINE_ONE_IN)[origins] & (kinds == Kind.SALE))[order],
    )


def taken_back(year: Year, chosen: Integers, at_s: Integers) -> list[tuple[Kind, Integers, Integers]]:
    """Voids and refunds: which of the chosen baskets, and when. None is both, and one without value is neither."""
    numbers = year.numbers[chosen]
    totals = np.add.reduceat(year.values, year.starts[:-1])[chosen]
    returnable = np.add.reduceat(is_returnable(year).astype(np.int64), year.starts[:-1])[chosen]
    voided = one_in(numbers, Purpose.VOID, VOID_ONE_IN) & (totals > 0)
    refunded = one_in(numbers, Purpose.REFUND, REFUND_ONE_IN) & (returnable > 0) & ~voided
    voids, refunds = np.flatnonzero(voided), np.flatnonzero(refunded)
    after_s = between(numbers[voids], Purpose.VOID_DELAY, VOID_AFTER_S)
    days = between(numbers[refunds], Purpose.REFUND_DAYS, REFUND_DAYS)
    shift_s = between(numbers[refunds], Purpose.REFUND_TIME, REFUND_TIME_S)
    return [
        (Kind.VOID, voids, at_s[voids] + after_s),
        (Kind.REFUND, refunds, at_s[refunds] + days * DAY_S + shift_s),
    ]


def between(numbers: Integers, purpose: Purpose, bounds: tuple[int, int]) -> Integers:
    """A draw within both bounds for each basket's number."""
    low, high = bounds
    return low + below(numbers, purpose, high - low + 1)


def is_returnable(year: Year, part: slice = slice(None)) -> npt.NDArray[np.bool_]:
    """Which lines, of the year or a part, a customer may bring back: paid goods by the piece, no petrol, no coupons."""
    returnable: npt.NDArray[np.bool_] = (year.rules[part] == Rule.ORDINARY) & (year.values[part] > 0)
    return returnable


def returned_lines(year: Year, basket: int) -> tuple[int, ...]:
    """The one or two lines of a basket that are brought back, as places in it; it has one at least."""
    part = slice(int(year.starts[basket]), int(year.starts[basket + 1]))
    lines = np.flatnonzero(is_returnable(year, part)).tolist()
    number = year.numbers[basket : basket + 1]
    drawn = int(below(number, Purpose.REFUND_LINES, 2 * len(lines))[0])
    first, second = drawn // 2, (drawn // 2 + 1) % len(lines)
    return tuple(sorted({lines[first], lines[second]} if drawn % 2 else {lines[first]}))
