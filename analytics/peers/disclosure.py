"""What may be told of other retailers' stores: three rounded middles of enough stores, or nothing. Pure.

The rules, and what they are against, stand in docs/decisions/0018-peers.md:

    own stores never count      nobody makes stores, or subtracts their own, to see a rival's
    at least 20 others          of at least 5 other retailers, none of whom has more than half
    quartiles are means of 5    a median is one store's figure; the smallest and largest never come in
    all is rounded              a store that comes or goes moves what is told by nothing, or by no known amount
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from analytics.peers.figures import rounded
from analytics.peers.models import OTHERS_MIN
from portal.sheets.panels import Kind, ratio

RETAILERS_MIN = 5
# Of the stores of a figure, one retailer has at most one in so many.
LARGEST_PART = 2
# A quartile is the mean of so many stores around it. Of 20, these are the 3rd to 7th, 8th to 12th, 13th to 17th.
AROUND = 5
# How many there are is told in such steps, so that one who comes or goes is not seen.
TOLD_COUNTS = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


class Peers(NamedTuple):
    """What is told of the others; `others_at_least` is one of TOLD_COUNTS."""

    lower: int
    median: int
    upper: int
    others_at_least: int


class StoreValue(NamedTuple):
    """One store's figure."""

    retailer: int
    value: int


def peers_by_retailer(values: Sequence[StoreValue], kind: Kind) -> dict[int, Peers | None]:
    """For each retailer among the stores of a kind, what it may know of the others; None where that is nothing."""
    ordered = sorted(values, key=lambda one: one.value)
    counts = Counter(one.retailer for one in ordered)
    places: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(ordered):
        places[one.retailer].append(place)
    amounts = [one.value for one in ordered]
    return {
        retailer: _peers(amounts, own, kind) if is_enough(counts, retailer) else None
        for retailer, own in places.items()
    }


def is_enough(counts: Counter[int], retailer: int) -> bool:
    """Whether the stores of the other retailers, counted by retailer, are enough to be told of."""
    others = counts.total() - counts[retailer]
    # Two are looked at, because the largest may be one's own.
    largest = max((count for one, count in counts.most_common(2) if one != retailer), default=0)
    retailers = len(counts.keys() - {retailer})
    return others >= OTHERS_MIN and retailers >= RETAILERS_MIN and largest * LARGEST_PART <= others


def _peers(amounts: list[int], own: list[int], kind: Kind) -> Peers:
    """The three middles of the ordered amounts without those at one's own places."""
    others = len(amounts) - len(own)
    lower, median, upper = (_middle(amounts, own, (others - 1) * quarter // 4, kind) for quarter in (1, 2, 3))
    return Peers(lower, median, upper, max(count for count in TOLD_COUNTS if count <= others))


def _middle(amounts: list[int], own: list[int], centre: int, kind: Kind) -> int:
    around = range(centre - AROUND // 2, centre + AROUND // 2 + 1)
    total = sum(amounts[_place(own, number)] for number in around)
    return rounded(ratio(total, AROUND) or 0, kind)


def _place(own: list[int], number: int) -> int:
    """Where the others' value of that number lies among all; `own` are ascending places that do not count."""
    for place in own:
        if place > number:
            break
        number += 1
    return number
