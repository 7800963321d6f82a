"""What a product is to a store: how much it brings (A, B, C), and how evenly it is sold (X, Y, Z). Pure.

A: the products that bring the first 80 % of the revenue, the largest first, B: the next 15 %, C: the rest, and whatever
brought nothing. X: the sold quantity differs from week to week by up to half of its mean (coefficient of variation), Y:
by up to the whole of it, Z: by more, or it is not known yet.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Letters = npt.NDArray[np.str_]

WEEK_DAYS = 7
WEEKS = 13
# The weeks of a quarter: every weekday as often, and no season is lost in it.
DAYS = WEEKS * WEEK_DAYS
A_PERCENT, B_PERCENT = 80, 95
X_MAX, Y_MAX = 0.5, 1.0
# Of fewer weeks, the variation says more about chance than about the product.
WEEKS_MIN = 8
ABC, XYZ = "ABC", "XYZ"


class Evenness(NamedTuple):
    """The letters, and the coefficients of variation: not a number where too few weeks are known."""

    letters: Letters
    variation: Floats


def abc(revenue: Integers, product: Integers) -> Letters:
    """Letters of products by their net revenue in minor units; of equal ones, the lower number comes first.

    A product is A when those before it bring less than 80 %, so the largest always is.
    """
    letters = np.full(len(revenue), "C")
    order = np.lexsort((product, -revenue))
    gain = np.clip(revenue[order], 0, None)
    total = int(gain.sum())
    before = np.cumsum(gain) - gain
    # Integers throughout: `before` is below 80 % exactly when it is below their ceiling.
    letters[order[(before < _ceiling(total, B_PERCENT)) & (gain > 0)]] = "B"
    letters[order[(before < _ceiling(total, A_PERCENT)) & (gain > 0)]] = "A"
    return letters


def xyz(weekly: Integers) -> Evenness:
    """Letters by the quantities of each week, int64[n, weeks], the last week last.

    Weeks count from the first in which anything was sold; weeks without a sale behind it count as 0.
    """
    weeks = weekly.shape[1]
    is_sold = weekly != 0
    known = np.where(is_sold.any(axis=1), weeks - is_sold.argmax(axis=1), 0)
    # What is in front is 0, so that it adds nothing to either sum.
    mean = weekly.sum(axis=1) / np.maximum(known, 1)
    squares = (weekly.astype(np.float64) ** 2).sum(axis=1) / np.maximum(known, 1)
    deviation = np.sqrt(np.clip(squares - mean * mean, 0.0, None))
    is_known = (known >= WEEKS_MIN) & (mean > 0)
    variation = np.where(is_known, deviation / np.where(is_known, mean, 1.0), np.nan)
    letters = np.where(variation <= X_MAX, "X", np.where(variation <= Y_MAX, "Y", "Z"))
    return Evenness(letters, variation)


def _ceiling(total: int, percent: int) -> int:
    return -(-total * percent // 100)
