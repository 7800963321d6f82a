"""Support, confidence and lift of a pair, and how sure a lift is. Pure.

A lift of a few baskets is mostly chance: two products that were sold twice, together both times, have the largest of
all. So pairs are ranked by the least lift that their count allows: with n baskets together, the expected number is
hardly below the lower end of Wilson's score interval for a count (Wilson 1927, in the limit of a rare event),
n + z^2/2 - z sqrt(n + z^2/4). Staples, which are in every basket, have a lift of about 1 and stand nowhere.
"""

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from portal.sheets.panels import ratio, share
from transactions.decimals import QUANTITY_SCALE

# Of 500,000 pairs without any relation, chance lifts 16 above their bound by four standard deviations; two would be
# passed by 11,000.
CERTAINTY_Z = 4.0

Counts = TypeVar("Counts", float, npt.NDArray[np.float64])


class PairCounts(NamedTuple):
    """Sales with both, with the first, with the second, and all."""

    together: int
    with_first: int
    with_second: int
    baskets: int

    @property
    def support(self) -> int | None:
        """Baskets with both, of all; in hundredths of a per cent, as the confidences."""
        return share(self.together, self.baskets)

    @property
    def confidence(self) -> int | None:
        """Of the baskets with the first, those that have the second, too."""
        return share(self.together, self.with_first)

    @property
    def confidence_back(self) -> int | None:
        """Of the baskets with the second, those that have the first, too."""
        return share(self.together, self.with_second)

    @property
    def lift(self) -> int | None:
        """How much more often than by chance, in ten-thousandths: confidence by the second's share of all baskets."""
        return ratio(self.together * self.baskets * QUANTITY_SCALE, self.with_first * self.with_second)

    @property
    def lift_at_least(self) -> float:
        """The least lift that the count allows; what pairs are ranked by."""
        if not self.with_first or not self.with_second:
            return 0.0
        return least(self.together) * self.baskets / (self.with_first * self.with_second)


def least(count: Counts) -> Counts:
    """The lower end of the interval of an expected count, of which so many were seen; of a number or of an array."""
    half = CERTAINTY_Z * CERTAINTY_Z / 2
    root: Counts = (count + half / 2) ** 0.5
    return count + half - CERTAINTY_Z * root
