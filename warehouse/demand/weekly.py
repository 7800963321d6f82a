"""Sales by product and week, counted back from a cut-off: all that forecasts are made of. Pure.

Week 0 is the seven days that end with the cut-off, week 1 the seven before. An `origin` of so many weeks is an earlier
cut-off: what it knows are the weeks from `origin` on; what came after, the weeks below it, is never read there.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEEK_DAYS = 7
HORIZON_WEEKS = 4
# Half a year tells a product that is sold rarely from one that is sold no more.
WINDOW_WEEKS = 26
# Weeks back at which the model is trained: the latest whose next four weeks are known, and some before it.
ORIGINS = (4, 6, 8, 12)
# A store's own weeks: the window of the earliest origin.
STORE_WEEKS = WINDOW_WEEKS + ORIGINS[-1]
# A retailer's weeks: last year's next four weeks, and the eight before them.
CHAIN_WEEKS = 52 + 8 + ORIGINS[-1]


class Weekly(NamedTuple):
    """Of n products, ascending: sums by week, float64[n, weeks]. Quantities in whole units, amounts in minor units."""

    products: Integers
    quantity: Floats
    baskets: Floats
    amount: Floats
    discounts: Floats

    @property
    def weeks(self) -> int:
        """How many weeks there are."""
        return int(self.quantity.shape[1])


def weekly(*, products: Integers, ago: Integers, values: tuple[Floats, Floats, Floats, Floats], weeks: int) -> Weekly:
    """Adds rows up: a product, how many days before the cut-off (0: on it), and quantity, baskets, amount, discounts.

    Rows behind the cut-off (`ago` below 0) and rows older than `weeks` are left out. More was given back than sold in a
    week: that is a demand of 0.
    """
    week = ago // WEEK_DAYS
    is_known = (ago >= 0) & (week < weeks)
    distinct, place = np.unique(products[is_known], return_inverse=True)
    cell = place * weeks + week[is_known]
    sums = [
        np.bincount(cell, weights=column[is_known], minlength=len(distinct) * weeks).reshape(len(distinct), weeks)
        for column in values
    ]
    quantity, baskets, amount, discounts = (np.maximum(column.astype(np.float64), 0.0) for column in sums)
    return Weekly(distinct, quantity, baskets, amount, discounts)


def places_of(products: Integers, among: Integers) -> Integers:
    """Where each product stands among ascending ones; -1 where it does not."""
    if not len(among):
        return np.full(len(products), -1)
    place = np.minimum(np.searchsorted(among, products), len(among) - 1)
    return np.where(among[place] == products, place, -1)
