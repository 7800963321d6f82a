"""What was taken off in sales: in all, by day and by store."""

from collections import defaultdict

from analytics.filters import Filters
from analytics.queries.stores import StoreSums
from analytics.queries.takings import Slice, total
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, share

DEFINITION = "What was taken off in sales, from lines and from whole receipts; refunds and voids do not lessen it."
COLUMNS = (
    Column("discounts", "Discounts", Kind.MONEY),
    Column("depth", "Of full prices", Kind.PERCENT),
    Column("discounted", "Discounted sales", Kind.COUNT),
    Column("share", "Share of sales", Kind.PERCENT),
)
SHARES = " Of full prices: divided by what the sales would have come to without them."
EMPTY = "Nothing was discounted in this time."


def figures(filters: Filters, currency: str, now: list[Slice]) -> list[Figure]:
    """Discounts in all, and in how many sales."""
    sums = total(now)
    return [
        Figure("discounts", "Discounts", DEFINITION, sums.discounts, Kind.MONEY, currency),
        Figure("depth", "Of full prices", DEFINITION + SHARES, depth(sums.discounts, sums.gross), Kind.PERCENT),
        Figure("discounted", "Discounted sales", "Sales with a discount, of all sales.",
               share(sums.discounted, sums.sales), Kind.PERCENT),
    ]  # fmt: skip


def by_day(filters: Filters, currency: str, now: list[Slice]) -> Panel:
    """The days that have some."""
    days: defaultdict[object, list[Slice]] = defaultdict(list)
    for one in now:
        days[one.day].append(one)
    found = [(day, sums) for day, own in days.items() if (sums := total(own)).discounted]
    return Panel(
        key="discounts-by-day",
        title="Discounts by day",
        definition=DEFINITION + SHARES,
        columns=(Column("day", "Day", Kind.DATE), *COLUMNS),
        rows=[
            (
                day,
                sums.discounts,
                depth(sums.discounts, sums.gross),
                sums.discounted,
                share(sums.discounted, sums.sales),
            )  # type: ignore[misc]
            for day, sums in found
        ],
        chart=Chart.LINE,
        currency=currency,
        links=[f"receipts?{filters.query(period=day)}" for day, _ in found],
        empty=EMPTY,
    )


def by_store(filters: Filters, currency: str, names: dict[int, str], now: dict[int, StoreSums]) -> Panel:
    """The stores that have some, the most first."""
    found = sorted(
        ((store, one) for store, one in now.items() if one.discounted), key=lambda it: (-it[1].discounts, it[0])
    )
    return Panel(
        key="discounts-by-store",
        title="Discounts by store",
        definition=DEFINITION + SHARES,
        columns=(Column("store", "Store", Kind.TEXT), *COLUMNS),
        rows=[
            (
                names.get(store, f"Store {store}"),
                one.discounts,
                depth(one.discounts, one.gross),
                one.discounted,
                share(one.discounted, one.sales),
            )
            for store, one in found
        ],
        chart=Chart.BARS,
        currency=currency,
        links=[f"money?{filters.query(stores=(store,))}" for store, _ in found],
        empty=EMPTY,
    )


def depth(discounts: int, gross: int) -> int | None:
    """Discounts as a part of what sales would have come to without them."""
    return share(discounts, gross + discounts)
