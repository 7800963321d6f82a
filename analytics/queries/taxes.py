"""The tax recap: net and tax by code and rate, as on the receipts."""

from analytics.filters import Filters
from analytics.queries.whose import sums
from portal.sheets.panels import Column, Kind, Panel, Row

RECAP = """
    SELECT code, rate, sum(net)::bigint, sum(tax)::bigint
    FROM {taxes}
    WHERE {whose} AND day BETWEEN %(first)s AND %(last)s AND currency = %(currency)s
    GROUP BY code, rate
    ORDER BY code, rate
"""
COLUMNS = (
    Column("code", "Code", Kind.TEXT),
    Column("rate", "Rate, %", Kind.TEXT),
    Column("net", "Net", Kind.MONEY),
    Column("tax", "Tax", Kind.MONEY),
    Column("gross", "With tax", Kind.MONEY),
)


def taxes(filters: Filters, stores: tuple[int, ...], currency: str) -> Panel:
    """A row for each code and rate that was used: one query."""
    span = filters.span
    found = sums(RECAP, filters, stores, first=span.first, last=span.last, currency=currency)
    table: list[Row] = [(code, rate, net, tax, net + tax) for code, rate, net, tax in found]
    return Panel(
        key="taxes",
        title="Taxes",
        definition=(
            "Net amounts and taxes of the recaps on the receipts, less those of refunds and voids. Codes and rates are "
            "the retailer's own; a rate that is empty is exempt or outside the scope."
        ),
        columns=COLUMNS,
        rows=table,
        currency=currency,
    )
