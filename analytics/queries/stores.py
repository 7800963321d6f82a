"""Stores beside each other, with what each took before."""

from typing import NamedTuple

from analytics.filters import Filters, Span
from analytics.queries.rows import rows
from portal.sheets.panels import Chart, Column, Kind, Panel, Row, change, ratio, share

# Days, and of the one that is not over the hours that are not compared, apart.
BY_STORE = """
    SELECT store, currency, sum(sales)::bigint, sum(gross)::bigint, sum(gross + refunded + voided)::bigint,
           sum(refunded)::bigint, sum(voided)::bigint, sum(refunds)::bigint, sum(voids)::bigint,
           sum(discounts)::bigint, sum(discounted)::bigint,
           (COALESCE(sum(gross + refunded + voided) FILTER (WHERE day > %(cut_day)s), 0)
            + COALESCE((SELECT sum(gross + refunded + voided) FROM analytics_storehour AS hours
                        WHERE hours.store = days.store AND hours.currency = days.currency
                          AND hours.day = %(cut_day)s AND hours.hour >= %(cut_hour)s), 0))::bigint
    FROM analytics_storeday AS days
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s
    GROUP BY store, currency
"""
NAMES = "SELECT id, name FROM transactions_store WHERE id = ANY(%(stores)s)"


class StoreSums(NamedTuple):
    """A store's sums; `uncompared` is the part of `revenue` in hours that are not over."""

    sales: int = 0
    gross: int = 0
    revenue: int = 0
    refunded: int = 0
    voided: int = 0
    refunds: int = 0
    voids: int = 0
    discounts: int = 0
    discounted: int = 0
    uncompared: int = 0


class Stores(NamedTuple):
    """The sums by currency and store."""

    by_currency: dict[str, dict[int, StoreSums]]

    def of(self, currency: str) -> dict[int, StoreSums]:
        """One currency's sums by store."""
        return self.by_currency.get(currency, {})

    @property
    def main(self) -> str:
        """The currency with the most sales; "" where nothing was sold."""
        counts = {name: sum(one.sales for one in own.values()) for name, own in self.by_currency.items()}
        return max(sorted(counts), key=lambda name: counts[name], default="")


def store_sums(stores: tuple[int, ...], span: Span, filters: Filters, *, is_before: bool = False) -> Stores:
    """What each store took in these days: one query."""
    until = filters.until_before if is_before else filters.until
    cut_day, cut_hour = until or (span.last, 24)
    found: dict[str, dict[int, StoreSums]] = {}
    asked = rows(BY_STORE, stores=stores, first=span.first, last=span.last, cut_day=cut_day, cut_hour=cut_hour)
    for store, currency, *sums in asked:
        found.setdefault(currency, {})[store] = StoreSums(*sums)
    return Stores(found)


def store_names(stores: tuple[int, ...]) -> dict[int, str]:
    """The stores' names: one query, of the registry."""
    return dict(rows(NAMES, stores=stores))


def stores_panel(
    filters: Filters,
    currency: str,
    names: dict[int, str],
    now: dict[int, StoreSums],
    before: dict[int, StoreSums] | None,
) -> Panel:
    """A row for every store, also one that sold nothing; the highest revenue first."""
    columns = [
        Column("store", "Store", Kind.TEXT),
        Column("revenue", "Revenue", Kind.MONEY),
        Column("sales", "Sales", Kind.COUNT),
        Column("basket", "Average basket", Kind.MONEY),
        Column("returned", "Refunds and voids", Kind.PERCENT),
    ]
    definition = "Sales less refunds and voids, by store; refunds and voids as a share of the totals of sales."
    if before is not None:
        columns += [Column("revenue_before", "Revenue before", Kind.MONEY), Column("change", "Change", Kind.CHANGE)]
        definition += f" Before: {filters.shift_days} days earlier" + (
            ", up to the same hour; the change compares full hours." if filters.until else "."
        )
    order = sorted(names, key=lambda store: (-now.get(store, StoreSums()).revenue, names[store], store))
    return Panel(
        key="stores",
        title="Stores compared",
        definition=definition,
        columns=tuple(columns),
        rows=[_row(names[store], now.get(store, StoreSums()), before, store) for store in order],
        chart=Chart.BARS,
        currency=currency,
        links=[f"overview?{filters.query(stores=(store,))}" for store in order],
    )


def _row(name: str, own: StoreSums, before: dict[int, StoreSums] | None, store: int) -> Row:
    returned = share(-own.refunded - own.voided, own.gross)
    row: Row = (name, own.revenue, own.sales, ratio(own.gross, own.sales), returned)
    if before is None:
        return row
    earlier = before.get(store, StoreSums())
    revenue = earlier.revenue - earlier.uncompared
    return (*row, revenue, change(own.revenue - own.uncompared, revenue))
