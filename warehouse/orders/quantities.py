"""How much to order: up to what is needed until the next order's delivery, in whole packs. Pure.

Quantities are integers in ten-thousandths, as everywhere in the warehouse.
"""

from typing import NamedTuple

# A hundred thousand units of one product are a fault in the data, not an order.
ORDER_MAX = 100_000 * 10_000


class Terms(NamedTuple):
    """How a product is ordered: units of a pack, the least units of an order, what should always be there."""

    pack: int
    order_minimum: int
    shelf_minimum: int


class Ordered(NamedTuple):
    """What to order: units, and the packs that they are."""

    quantity: int
    packs: int


NOTHING = Ordered(0, 0)


def to_order(*, expected: int, safe: int, on_hand: int, on_order: int, terms: Terms) -> Ordered:
    """What is missing to `safe`, the demand that is exceeded rarely, or to the expected one and the shelf's minimum.

    Less than nothing on the shelf is nothing: it says that a count is missing, not that goods are owed to somebody.
    At least the minimum of an order, rounded up to whole packs; if that is more than ORDER_MAX, the packs within it, at
    least one.
    """
    missing = max(safe, expected + terms.shelf_minimum) - max(on_hand, 0) - max(on_order, 0)
    if missing <= 0:
        return NOTHING
    packs = -(-max(missing, terms.order_minimum) // terms.pack)
    packs = min(packs, max(ORDER_MAX // terms.pack, 1))
    return Ordered(packs * terms.pack, packs)
