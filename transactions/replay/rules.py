"""What kind of row a line of the source is: a written rule for every odd one, counted and never dropped.

docs/replay.md has the same rules in prose.
"""

from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

# A gallon of regular petrol cost between 1.90 and 5.60 dollars in the source; rows whose quantity, read as
# thousandths of a gallon, gives a price within this range are gallons, the others only name the dollars
# paid.
GALLON_PRICE_MIN_CENTS = 100
GALLON_PRICE_MAX_CENTS = 600
MILLI = 1000
# DESIGN.md counts quantities above this; what is not petrol there is goods by the piece.
LARGE_QUANTITY = 100


class Rule(IntEnum):
    """How a row becomes a line."""

    ORDINARY = 0
    COUPON_SLIP = 1
    UNCOUNTED_FREE = 2
    UNCOUNTED_PAID = 3
    FREE = 4
    PETROL_BY_GALLON = 5
    PETROL_BY_AMOUNT = 6
    LARGE_PIECES = 7
    UNLISTED = 8


DESCRIPTIONS = {
    Rule.ORDINARY: "goods by the piece, as they are",
    Rule.COUPON_SLIP: "quantity and value 0, not listed: a coupon scanned on its own; line of kind other",
    Rule.UNCOUNTED_FREE: "quantity and value 0, listed: scanned, not charged; quantity 0, no unit price",
    Rule.UNCOUNTED_PAID: "quantity 0 but paid: quantity 1 at the price paid",
    Rule.FREE: "value 0 with a quantity: given away, the list price taken off as discount",
    Rule.PETROL_BY_GALLON: "petrol, quantity in thousandths of a gallon: gallons",
    Rule.PETROL_BY_AMOUNT: "petrol paid by amount, gallons not known: quantity as it is, in pieces",
    Rule.LARGE_PIECES: "a quantity over 100 that is not petrol: pieces, as they are",
    Rule.UNLISTED: "paid, but the product is not listed: named by its number",
}


class Listed(Protocol):
    """What the rules must know of the products table."""

    ids: npt.NDArray[np.int64]
    petrol: npt.NDArray[np.bool_]


def classify(
    catalogue: Listed,
    *,
    products: npt.NDArray[np.int64],
    quantities: npt.NDArray[np.int64],
    values: npt.NDArray[np.int64],
    discounts: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    """One Rule a row. `catalogue.ids` is sorted."""
    place = np.minimum(np.searchsorted(catalogue.ids, products), len(catalogue.ids) - 1)
    listed = catalogue.ids[place] == products
    petrol = listed & catalogue.petrol[place]
    gallon_cents = (values + discounts) * MILLI // np.maximum(quantities, 1)
    by_gallon = petrol & (gallon_cents >= GALLON_PRICE_MIN_CENTS) & (gallon_cents <= GALLON_PRICE_MAX_CENTS)
    uncounted, free = quantities == 0, values == 0
    # The first that fits.
    conditions = [
        (uncounted & free & ~listed, Rule.COUPON_SLIP),
        (uncounted & free, Rule.UNCOUNTED_FREE),
        (uncounted, Rule.UNCOUNTED_PAID),
        (by_gallon, Rule.PETROL_BY_GALLON),
        (petrol, Rule.PETROL_BY_AMOUNT),
        (free, Rule.FREE),
        (~listed, Rule.UNLISTED),
        (quantities > LARGE_QUANTITY, Rule.LARGE_PIECES),
    ]
    return np.select(
        [condition for condition, _ in conditions],
        [rule.value for _, rule in conditions],
        Rule.ORDINARY.value,
    ).astype(np.uint8)


def counts(rules: npt.NDArray[np.uint8]) -> dict[Rule, int]:
    """How many rows each rule touched."""
    found = np.bincount(rules, minlength=len(Rule)).tolist()
    return {rule: found[rule] for rule in Rule}
