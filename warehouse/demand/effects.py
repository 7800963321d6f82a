"""How much more is sold when a price is cut: learnt from a retailer's past discounts. Pure.

Of products that sell nearly every week, weeks are compared with other weeks of the same product:

    log(sold) = product + effect * discount            discount: taken off, part of the full price, 0 to 1

Products that sell rarely are left out: their discounts are known only of the weeks in which they sold.
"""

from typing import NamedTuple

import numpy as np

from warehouse.demand.weekly import WINDOW_WEEKS, Floats, Integers, Weekly

# Of the window's 26: four in five.
WEEKS_SOLD_MIN = 21
# A category with so much variation of discounts (sum of squares) counts like the whole retailer.
DRAWN_TO_RETAILER = 2.0
# Where too little was ever discounted: cutting a price by a fifth then sells about a third more.
USUAL_EFFECT = 1.5
USUAL_WEIGHT = 1.0
EFFECT_MIN, EFFECT_MAX = 0.0, 4.0
# Nothing that is sold regularly sells five times as much.
UPLIFT_MAX = 5.0
# What a product's usual discount is measured over.
USUAL_WEEKS = 8


class Effects(NamedTuple):
    """The effect of the whole retailer and of each category, with the weeks of products that they were learnt from."""

    retailer: float
    by_category: Floats
    weeks: int


def learn_effects(sold: Weekly, categories: Integers) -> Effects:
    """From the window behind the cut-off; `sold` is of the whole retailer."""
    count = int(categories.max(initial=-1)) + 1
    quantity, amount, discounts = (column[:, :WINDOW_WEEKS] for column in (sold.quantity, sold.amount, sold.discounts))
    is_regular = (quantity > 0).sum(axis=1) >= WEEKS_SOLD_MIN
    quantity, amount, discounts = quantity[is_regular], amount[is_regular], discounts[is_regular]
    is_known = (quantity > 0) & (amount + discounts > 0)
    off = np.where(is_known, discounts / np.maximum(amount + discounts, 1.0), 0.0)
    logs = np.where(is_known, np.log(np.maximum(quantity, 1e-9)), 0.0)
    off, logs = _around_mean(off, is_known), _around_mean(logs, is_known)
    together, alone = (off * logs).sum(axis=1), (off * off).sum(axis=1)
    own = categories[is_regular]
    retailer = float(np.clip((together.sum() + USUAL_WEIGHT * USUAL_EFFECT) / (alone.sum() + USUAL_WEIGHT), 0, 9))
    of_category = (np.bincount(own, weights=together, minlength=count) + DRAWN_TO_RETAILER * retailer) / (
        np.bincount(own, weights=alone, minlength=count) + DRAWN_TO_RETAILER
    )
    return Effects(min(retailer, EFFECT_MAX), np.clip(of_category, EFFECT_MIN, EFFECT_MAX), int(is_known.sum()))


def usual_discounts(sold: Weekly) -> Floats:
    """What was taken off each product's full price lately, as a part of it."""
    taken, paid = (column[:, :USUAL_WEEKS].sum(axis=1) for column in (sold.discounts, sold.amount))
    return np.where(taken + paid > 0, taken / np.maximum(taken + paid, 1.0), 0.0)


def uplift(off: Floats, usual: Floats, effect: Floats) -> Floats:
    """The factor of a day on which `off` is taken off; what is usually taken off is in the forecast already."""
    found: Floats = np.clip(np.exp(effect * np.clip(off - usual, 0.0, None)), 1.0, UPLIFT_MAX)
    return found


def _around_mean(values: Floats, is_known: np.ndarray) -> Floats:
    count = np.maximum(is_known.sum(axis=1, keepdims=True), 1)
    return np.where(is_known, values - (values * is_known).sum(axis=1, keepdims=True) / count, 0.0)
