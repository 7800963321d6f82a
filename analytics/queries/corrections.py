"""Refunds and voids, which a retailer watches: by day, by store and by terminal, as a share of sales."""

from collections import defaultdict
from typing import Any

from analytics.filters import Filters
from analytics.queries.rows import rows
from analytics.queries.stores import StoreSums
from analytics.queries.takings import Slice, Sums, total
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row, share

# Of many tills, those that take back most; the rest is like most.
TERMINALS_MAX = 20
BY_TERMINAL = """
    SELECT terminal, name, sum(sales)::bigint AS sales, sum(refunds)::bigint AS refunds, sum(voids)::bigint AS voids
    FROM analytics_terminalday AS days LEFT JOIN transactions_store AS stores ON stores.id = days.store
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s AND currency = %(currency)s
    GROUP BY terminal, name
    HAVING sum(refunds + voids) > 0
    ORDER BY sum(refunds + voids) DESC, terminal
    LIMIT %(limit)s
"""
COUNTS = (Column("refunds", "Refunds", Kind.COUNT), Column("voids", "Voids", Kind.COUNT))
AMOUNTS = (
    Column("refunded", "Refunded", Kind.MONEY),
    Column("voided", "Voided", Kind.MONEY),
    Column("share", "Share of sales", Kind.PERCENT),
)
DEFINITION = (
    "A refund gives back some or all of a sale, a void takes a whole receipt back; both count on their own day."
)
SHARE = " The share is their amount in that of all sales."
EMPTY = "Nothing was refunded or voided in this time."


def figures(filters: Filters, currency: str, now: list[Slice]) -> list[Figure]:
    """Refunds and voids in all, and their share."""
    sums = total(now)
    return [
        Figure("refunded", "Refunded", DEFINITION, sums.refunded, Kind.MONEY, currency,
               link=f"receipts?{filters.query(type='refund')}"),
        Figure("voided", "Voided", DEFINITION, sums.voided, Kind.MONEY, currency,
               link=f"receipts?{filters.query(type='void')}"),
        Figure("returned", "Share of sales", DEFINITION + SHARE, _share(sums), Kind.PERCENT),
    ]  # fmt: skip


def by_day(filters: Filters, currency: str, now: list[Slice]) -> Panel:
    """Every day with records, where any has some."""
    days: defaultdict[object, list[Slice]] = defaultdict(list)
    for one in now:
        days[one.day].append(one)
    found = [(day, total(own)) for day, own in days.items()]
    if not any(sums.refunds + sums.voids for _, sums in found):
        found = []
    table: list[Row] = [
        (day, sums.refunds, sums.voids, sums.refunded, sums.voided, _share(sums))  # type: ignore[misc]
        for day, sums in found
    ]
    return Panel(
        key="corrections-by-day",
        title="Refunds and voids by day",
        definition=DEFINITION + SHARE,
        columns=(Column("day", "Day", Kind.DATE), *COUNTS, *AMOUNTS),
        rows=table,
        chart=Chart.LINE,
        currency=currency,
        links=[_link(filters, sums.refunds, period=day) for day, sums in found],
        empty=EMPTY,
    )


def by_store(filters: Filters, currency: str, names: dict[int, str], now: dict[int, StoreSums]) -> Panel:
    """The stores that have some, the largest share first."""
    found = [(store, one) for store, one in now.items() if one.refunds + one.voids]
    ordered = sorted(found, key=lambda pair: (-(_share_of_store(pair[1]) or 0), pair[0]))
    return Panel(
        key="corrections-by-store",
        title="Refunds and voids by store",
        definition=DEFINITION + SHARE,
        columns=(Column("store", "Store", Kind.TEXT), *COUNTS, *AMOUNTS),
        rows=[
            (names.get(store, f"Store {store}"), one.refunds, one.voids, one.refunded, one.voided, _share_of_store(one))
            for store, one in ordered
        ],
        chart=Chart.BARS,
        currency=currency,
        links=[_link(filters, one.refunds, stores=(store,)) for store, one in ordered],
        empty=EMPTY,
    )


def by_terminal(filters: Filters, stores: tuple[int, ...], currency: str) -> Panel:
    """The terminals with the most: one query."""
    span = filters.span
    found = rows(BY_TERMINAL, stores=stores, first=span.first, last=span.last, currency=currency, limit=TERMINALS_MAX)
    return Panel(
        key="corrections-by-terminal",
        title="Refunds and voids by till",
        definition=(
            f"The {TERMINALS_MAX} tills with the most refunds and voids. The share is their number in that of sales."
        ),
        columns=(
            Column("terminal", "Till", Kind.TEXT),
            Column("store", "Store", Kind.TEXT),
            Column("sales", "Sales", Kind.COUNT),
            *COUNTS,
            Column("share", "Share of sales", Kind.PERCENT),
        ),
        rows=[
            (str(terminal), name or "", sales, refunds, voids, share(refunds + voids, sales))
            for terminal, name, sales, refunds, voids in found
        ],
        links=[_link(filters, row[3], terminal=row[0]) for row in found],
        empty=EMPTY,
    )


def _link(filters: Filters, refunds: int, **changes: Any) -> str:
    """The list behind a row: its refunds, or its voids where it has no refunds."""
    return f"receipts?{filters.query(**changes, type='refund' if refunds else 'void')}"


def _share(sums: Sums) -> int | None:
    return share(-sums.refunded - sums.voided, sums.gross)


def _share_of_store(one: StoreSums) -> int | None:
    return share(-one.refunded - one.voided, one.gross)
