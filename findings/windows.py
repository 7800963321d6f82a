"""What a till did in the last weeks, and with whom it is compared. Pure; findings/windows_reading.py reads.

A window are the last WINDOW_DAYS, today included; the past the PAST_DAYS before. Shares of few sales say little, so
each whole's is drawn towards the next larger one's, as if it had PRIOR more of that: the store's other tills towards
the retailer's others, these towards the fleet. Expected is the larger one of the store's and the retailer's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from findings import chances

WINDOW_DAYS = 28
PAST_DAYS = 56
# So many of what is counted by (sales, lines) of the larger whole are added to those of the smaller one.
PRIOR, FLEET_PRIOR = 300.0, 200.0
# Tills of one retailer differ at least so much; and so much where too few are known to tell.
DISPERSION_MIN, DISPERSION_UNKNOWN = 0.5, 1.0
TILLS_TELLING = 8


class Sums(NamedTuple):
    """What tills did in some days; amounts in minor units, those taken back positive."""

    sales: int = 0
    refunds: int = 0
    voids: int = 0
    gross: int = 0
    refunded: int = 0
    voided: int = 0
    lines: int = 0
    unknown_lines: int = 0
    unknown_amount: int = 0

    def __add__(self, other: object) -> "Sums":
        """Both together."""
        assert isinstance(other, Sums)
        return Sums(*[one + more for one, more in zip(self, other, strict=True)])

    @property
    def taken_back(self) -> int:
        """Refunds and voids."""
        return self.refunds + self.voids

    @property
    def share_back(self) -> float:
        """Refunds and voids for a sale."""
        return self.taken_back / self.sales if self.sales else 0.0

    @property
    def share_unknown(self) -> float:
        """Unknown lines of all."""
        return self.unknown_lines / self.lines if self.lines else 0.0


NOTHING = Sums()


@dataclass(frozen=True, kw_only=True)
class Till:
    """A till's window and past, its store's other tills', and the windows of its retailer's others and the fleet."""

    own: Sums
    past: Sums = NOTHING
    store: Sums = NOTHING
    store_past: Sums = NOTHING
    retailer: Sequence[Sums] = field(default_factory=tuple)
    fleet: Sums = NOTHING

    @cached_property
    def others(self) -> Sums:
        """The retailer's other tills together."""
        return total(self.retailer)

    def expected(self, name: str, of: str, usual: float, worth: float = 1.0) -> float:
        """How many (or how much) of `name` others would have for as many `of` (the names of sums).

        `usual` is the share where nothing is known; `worth` what one of those counted is worth in the unit of `of`.
        """
        share = usual
        shares = []
        for whole, prior in ((self.fleet, FLEET_PRIOR), (self.others, PRIOR), (self.store, PRIOR)):
            share = (getattr(whole, name) + prior * worth * share) / (getattr(whole, of) + prior * worth)
            shares.append(share)
        least: float = max(shares[1:]) * getattr(self.own, of)
        return least


def total(tills: Sequence[Sums]) -> Sums:
    """Tills together."""
    return Sums(*map(sum, zip(*tills, strict=True))) if tills else NOTHING


def dispersion(tills: Sequence[Sums], name: str, of: str) -> float:
    """By how much more than chance the shares of tills differ; of few it is not known."""
    if len(tills) < TILLS_TELLING:
        return DISPERSION_UNKNOWN
    counts = np.array([*map(attrgetter(name), tills)], dtype=float)
    wholes = np.array([*map(attrgetter(of), tills)], dtype=float)
    if not wholes.sum():
        return DISPERSION_UNKNOWN
    return max(DISPERSION_MIN, chances.dispersion_of(counts, wholes * counts.sum() / wholes.sum()))
