"""What stores took by day and hour: the sums behind the overview, its curve and its heat map."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from analytics.filters import Filters, Span
from analytics.queries.whose import sums


class Sums(NamedTuple):
    """The columns of StoreHour added up; amounts in minor units, signed."""

    sales: int = 0
    refunds: int = 0
    voids: int = 0
    gross: int = 0
    refunded: int = 0
    voided: int = 0
    tax: int = 0
    discounts: int = 0
    discounted: int = 0
    lines: int = 0

    @property
    def revenue(self) -> int:
        """Sales less refunds and voids."""
        return self.gross + self.refunded + self.voided


class Slice(NamedTuple):
    """The sums of one hour of one day."""

    day: date
    hour: int
    sums: Sums


def total(slices: Iterable[Slice], until: tuple[date, int] | None = None) -> Sums:
    """All slices together; with `until`, those before that day's hour."""
    kept = [one.sums for one in slices if until is None or (one.day, one.hour) < until]
    return Sums(*map(sum, zip(*kept, strict=True))) if kept else Sums()


@dataclass(frozen=True)
class Takings:
    """The slices of some days by currency, ordered by time."""

    by_currency: dict[str, list[Slice]]

    @property
    def main(self) -> str:
        """The currency with the most sales; "" where nothing was sold."""
        counts = {currency: sum(one.sums.sales for one in own) for currency, own in self.by_currency.items()}
        return max(sorted(counts), key=lambda currency: counts[currency], default="")

    def of(self, currency: str) -> list[Slice]:
        """The slices of one currency."""
        return self.by_currency.get(currency, [])


HOURS = """
    SELECT currency, day, hour,
           sum(sales)::bigint, sum(refunds)::bigint, sum(voids)::bigint,
           sum(gross)::bigint, sum(refunded)::bigint, sum(voided)::bigint, sum(tax)::bigint,
           sum(discounts)::bigint, sum(discounted)::bigint, sum(lines)::bigint
    FROM {hours}
    WHERE {whose} AND day BETWEEN %(first)s AND %(last)s
    GROUP BY currency, day, hour
    ORDER BY currency, day, hour
"""


def takings(filters: Filters, stores: tuple[int, ...], span: Span) -> Takings:
    """What the stores took, hour by hour, in every currency: one query."""
    found: dict[str, list[Slice]] = {}
    for currency, day, hour, *values in sums(HOURS, filters, stores, first=span.first, last=span.last):
        found.setdefault(currency, []).append(Slice(day, hour, Sums(*values)))
    return Takings(found)
