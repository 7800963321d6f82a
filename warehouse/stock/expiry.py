"""How much of each lot is left: nobody says which lot was sold, so the first that expires is taken to go first. Pure.

What is on hand is laid out over the lots from the one that expires last: those that find nothing any more are gone.
Goods without a date are taken to be gone before all others. So a lot is rather shown too long than not at all, and
looking at the shelf settles it.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple


class Lot(NamedTuple):
    """What came in, less what is known to have gone out of it; in ten-thousandths."""

    expires_on: date
    lot: str
    quantity: int


def remaining(on_hand: int, lots: Iterable[Lot]) -> list[Lot]:
    """The lots that are left and what is left of them, the first that expires first."""
    found = []
    for lot in sorted(lots, reverse=True):
        left = min(on_hand, lot.quantity)
        if left > 0:
            found.append(lot._replace(quantity=left))
            on_hand -= left
    return found[::-1]
