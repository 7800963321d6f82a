"""The figures that stores are compared by: how each is made of a store's sums, and how it is rounded. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from portal.sheets.panels import Kind, change, ratio, share
from transactions.decimals import QUANTITY_SCALE

# A half of a per cent, and a whole one.
PERCENT_STEP = 50
CHANGE_STEP = 100
# Of amounts and quantities, so many digits are told.
DIGITS_TOLD = 2


class StoreSums(NamedTuple):
    """What a store took in four weeks, in minor units; `before`: its revenue in the four weeks before."""

    store: int
    retailer: int
    sales: int
    gross: int
    refunded: int
    voided: int
    lines: int
    open_hours: int
    before: int
    card: int
    paid: int

    @property
    def revenue(self) -> int:
        """Sales less refunds and voids."""
        return self.gross + self.refunded + self.voided


class PeerRule(NamedTuple):
    """One figure with its definition; `made` gives None where nothing can be said."""

    key: str
    title: str
    kind: Kind
    definition: str
    made: Callable[[StoreSums], int | None]


FIGURES = (
    PeerRule(
        "basket",
        "Average basket",
        Kind.MONEY,
        "Totals of sales divided by their number, before refunds and voids.",
        lambda sums: ratio(sums.gross, sums.sales),
    ),
    PeerRule(
        "items",
        "Items per basket",
        Kind.QUANTITY,
        "Item lines on receipts of sales divided by the number of sales.",
        lambda sums: ratio(sums.lines * QUANTITY_SCALE, sums.sales),
    ),
    PeerRule(
        "hour",
        "Revenue per open hour",
        Kind.MONEY,
        "Sales less refunds and voids, divided by the hours in which there was a sale.",
        lambda sums: ratio(sums.revenue, sums.open_hours),
    ),
    PeerRule(
        "refunds",
        "Share of refunds",
        Kind.PERCENT,
        "What was given back by refunds, of the totals of sales.",
        lambda sums: share(-sums.refunded, sums.gross),
    ),
    PeerRule(
        "card",
        "Paid by card",
        Kind.PERCENT,
        "Card payments of all payments, less what was paid back.",
        lambda sums: share(sums.card, sums.paid) if sums.paid > 0 else None,
    ),
    PeerRule(
        "growth",
        "Growth",
        Kind.CHANGE,
        "Revenue of the four weeks against that of the four weeks before.",
        lambda sums: change(sums.revenue, sums.before),
    ),
)


def rounded(value: int, kind: Kind) -> int:
    """As a figure of others is told: two digits of an amount, halves of a per cent, whole per cents of growth."""
    if kind is Kind.PERCENT:
        step = PERCENT_STEP
    elif kind is Kind.CHANGE:
        step = CHANGE_STEP
    else:
        step = 10 ** max(0, len(str(abs(value))) - DIGITS_TOLD)
    return (ratio(value, step) or 0) * step
