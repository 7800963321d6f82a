"""How large baskets are: sales and revenue by the number of item lines."""

from analytics.filters import Filters
from analytics.models import BASKET_LINES_MAX
from analytics.queries.whose import sums
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row, ratio, share
from transactions.decimals import QUANTITY_SCALE

SIZES = """
    SELECT currency, lines, sum(sales)::bigint, sum(amount)::bigint
    FROM {baskets}
    WHERE {whose} AND day BETWEEN %(first)s AND %(last)s
    GROUP BY currency, lines
    ORDER BY currency, lines
"""
# The smallest size of each group; single ones where most baskets are.
GROUPS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50)
COLUMNS = (
    Column("lines", "Item lines", Kind.TEXT),
    Column("sales", "Sales", Kind.COUNT),
    Column("share", "Share of sales", Kind.PERCENT),
    Column("basket", "Average basket", Kind.MONEY),
    Column("amount", "Revenue of sales", Kind.MONEY),
    Column("amount_share", "Share of revenue", Kind.PERCENT),
)
DEFINITION = "Sales by how many item lines they have, before refunds and voids; two bottles on one line are one."

# (lines, sales, amount), ascending.
Sizes = list[tuple[int, int, int]]


def sizes(filters: Filters, stores: tuple[int, ...]) -> dict[str, Sizes]:
    """Sales and their amounts by size, by currency: one query."""
    found: dict[str, Sizes] = {}
    for currency, *row in sums(SIZES, filters, stores, first=filters.span.first, last=filters.span.last):
        found.setdefault(currency, []).append((row[0], row[1], row[2]))
    return found


def figures(currency: str, found: Sizes) -> list[Figure]:
    """Mean and median size, mean value."""
    sales, amount = sum(row[1] for row in found), sum(row[2] for row in found)
    lines = sum(row[0] * row[1] for row in found)
    return [
        Figure("baskets", "Sales", "Receipts of sales; refunds and voids are not counted.", sales, Kind.COUNT),
        Figure("basket", "Average basket", "Totals of sales divided by their number.", ratio(amount, sales), Kind.MONEY,
               currency),
        Figure("items", "Items per basket", f"Item lines by sales; at most {BASKET_LINES_MAX} of one are counted.",
               ratio(lines * QUANTITY_SCALE, sales), Kind.QUANTITY),
        Figure("median", "Half of the baskets have at most", "The median of item lines.", _median(found), Kind.COUNT),
    ]  # fmt: skip


def panel(currency: str, found: Sizes) -> Panel:
    """The distribution of sizes, and what baskets of each size are worth."""
    sales, amount = sum(row[1] for row in found), sum(row[2] for row in found)
    table: list[Row] = []
    for first, after in zip(GROUPS, (*GROUPS[1:], BASKET_LINES_MAX + 1), strict=True):
        own = [row for row in found if first <= row[0] < after]
        count, value = sum(row[1] for row in own), sum(row[2] for row in own)
        if count:
            row = (_named(first, after), count, share(count, sales), ratio(value, count), value, share(value, amount))
            table.append(row)
    return Panel(
        key="basket-sizes",
        title="Baskets by size",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=table,
        chart=Chart.BARS,
        currency=currency,
    )


def _named(first: int, after: int) -> str:
    if after > BASKET_LINES_MAX:
        return f"{first} or more"
    return str(first) if after == first + 1 else f"{first} to {after - 1}"


def _median(found: Sizes) -> int | None:
    whole, passed = sum(row[1] for row in found), 0
    for lines, sales, _ in found:
        passed += sales
        if 2 * passed >= whole > 0:
            return lines
    return None


def main(found: dict[str, Sizes]) -> str:
    """The currency with the most sales; "" where nothing was sold."""
    counts = {currency: sum(row[1] for row in own) for currency, own in found.items()}
    return max(sorted(counts), key=lambda currency: counts[currency], default="")
