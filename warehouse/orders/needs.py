"""What the days until the next deliveries need, of many products at once. Pure.

An order sent today comes in `lead` days, the next one `review` days later; today counts as the first day. Demand is a
negative binomial number of purchases, of `unit` each.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from transactions.decimals import QUANTITY_SCALE
from warehouse.orders.chances import exceeds, quantile
from warehouse.orders.windows import Ahead, days_left, window

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Shelves(NamedTuple):
    """What is there, what of the open orders comes before today's order would, and the days, each int64[n]."""

    on_hand: Integers
    in_time: Integers
    lead: Integers
    review: Integers


class Needs(NamedTuple):
    """Quantities in ten-thousandths; `days_left` is -1 where nothing is expected."""

    soon: Integers  # Expected until today's order comes.
    expected: Integers  # Expected until the next order comes.
    safe: Integers  # What that demand exceeds rarely.
    chance: Floats  # That the shelf is empty before today's order comes.
    days_left: Integers


def needs(ahead: Ahead, shelves: Shelves, level: float) -> Needs:
    """The needs of products in the order of both arguments; `level` is how often `safe` has to be enough."""
    soon = window(ahead, shelves.lead)
    whole = window(ahead, shelves.lead + shelves.review)
    unit, square = ahead.unit, ahead.unit * ahead.unit
    available = (shelves.on_hand + shelves.in_time) / QUANTITY_SCALE
    return Needs(
        soon=scaled(soon.mean),
        expected=scaled(whole.mean),
        safe=scaled(quantile(whole.mean / unit, whole.variance / square, level) * unit),
        chance=exceeds(soon.mean / unit, soon.variance / square, available / unit),
        days_left=days_left(ahead, shelves.on_hand / QUANTITY_SCALE),
    )


def scaled(units: Floats) -> Integers:
    """Whole units as ten-thousandths."""
    return np.rint(units * QUANTITY_SCALE).astype(np.int64)
