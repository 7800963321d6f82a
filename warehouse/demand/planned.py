"""What planned promotions do to a store's forecast: factors by product and day. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from warehouse.demand.effects import uplift
from warehouse.demand.weekly import Floats, Integers


class Planned(NamedTuple):
    """A price cut of a product, or of a category (its number); days are counted from the one behind the cut-off."""

    product: int | None
    category: int | None
    first: int
    last: int
    off: float  # Part of the full price, 0 to 1.


class Discounted(NamedTuple):
    """What is known of a store's products, [n]: category, usual discount, effect of one."""

    products: Integers
    categories: Integers
    usual: Floats
    effect: Floats


def factors(known: Discounted, planned: Sequence[Planned], days: int) -> Floats:
    """Factors of 1 and more, [n, days]. Where several promotions meet, the largest discount counts."""
    off = np.zeros((len(known.products), days))
    for one in planned:
        chosen = known.products == one.product if one.product is not None else known.categories == one.category
        span = slice(max(0, one.first), max(0, one.last + 1))
        off[chosen, span] = np.maximum(off[chosen, span], one.off)
    found: Floats = np.where(off > 0, uplift(off, known.usual[:, None], known.effect[:, None]), 1.0)
    return found
