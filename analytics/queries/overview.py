"""The first page's figures: revenue, sales, baskets, refunds and discounts, with what they are compared with."""

from collections.abc import Callable

from analytics.filters import Filters
from analytics.queries.takings import Slice, Sums, total
from portal.sheets.panels import Figure, Kind, ratio
from transactions.decimals import QUANTITY_SCALE

# Key, title, kind, definition, and how it is made of the sums.
FIGURES: tuple[tuple[str, str, Kind, str, Callable[[Sums], int | None]], ...] = (
    (
        "revenue",
        "Revenue",
        Kind.MONEY,
        "Totals of all sales less refunds and voids, taxes included, as printed on the receipts.",
        lambda sums: sums.revenue,
    ),
    ("sales", "Sales", Kind.COUNT, "Receipts of sales; refunds and voids are not counted.", lambda sums: sums.sales),
    (
        "basket",
        "Average basket",
        Kind.MONEY,
        "Totals of sales divided by their number, before refunds and voids.",
        lambda sums: ratio(sums.gross, sums.sales),
    ),
    (
        "items",
        "Items per basket",
        Kind.QUANTITY,
        "Item lines on receipts of sales divided by the number of sales; two bottles on one line are one.",
        lambda sums: ratio(sums.lines * QUANTITY_SCALE, sums.sales),
    ),
    (
        "refunds",
        "Refunds",
        Kind.MONEY,
        "What was given back by refunds, on the day of the refund; voids are not in it.",
        lambda sums: sums.refunded,
    ),
    (
        "discounts",
        "Discounts",
        Kind.MONEY,
        "What was taken off in sales, from lines and from whole receipts.",
        lambda sums: sums.discounts,
    ),
)
LINKS = {"refunds": {"type": "refund"}, "sales": {"type": "sale"}}


def figures(filters: Filters, currency: str, now: list[Slice], before: list[Slice] | None) -> list[Figure]:
    """The figures of the slices, compared as far as the period has come; `before` is None without a comparison."""
    sums = total(now)
    comparable = total(now, filters.until) if filters.until and before is not None else None
    earlier = None if before is None else total(before, filters.until_before)
    return [
        Figure(
            key=key,
            title=title,
            definition=definition,
            value=made(sums),
            kind=kind,
            currency=currency if kind is Kind.MONEY else "",
            before=made(earlier) if earlier is not None else None,
            comparable=made(comparable) if comparable is not None else None,
            link=f"receipts?{filters.query(**LINKS.get(key, {}))}",
        )
        for key, title, kind, definition, made in FIGURES
    ]
