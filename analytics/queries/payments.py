"""How customers paid, and how that differs from before."""

from analytics.filters import Filters, Span
from analytics.queries.comparing import BEFORE, CHANGE, days_before, sentence
from analytics.queries.whose import sums
from portal.sheets.panels import Chart, Column, Kind, Panel, Row, change, share

MIX = """
    SELECT method, sum(payments)::bigint, sum(amount)::bigint, COALESCE(sum(amount) FILTER (WHERE day >= %(today)s), 0)
    FROM {payments}
    WHERE {whose} AND day BETWEEN %(first)s AND %(last)s AND currency = %(currency)s
    GROUP BY method
"""
COLUMNS = (
    Column("method", "Way of payment", Kind.TEXT),
    Column("amount", "Amount", Kind.MONEY),
    Column("share", "Share", Kind.PERCENT),
    Column("payments", "Payments", Kind.COUNT),
)
DEFINITION = (
    "What was paid in each way, less what was given back in it; a sale that is paid in two ways counts in both."
)


def payments(filters: Filters, stores: tuple[int, ...], currency: str) -> Panel:
    """The mix, the largest first: one query, and one for the comparison."""
    now = _mix(filters, stores, currency, filters.span)
    before = days_before(filters)
    earlier = _mix(filters, stores, currency, before) if before else None
    whole = sum(amount for _, amount, _ in now.values())
    order = sorted(now, key=lambda method: (-now[method][1], method))
    table: list[Row] = []
    for method in order:
        count, amount, of_today = now[method]
        row: Row = (method, amount, share(amount, whole), count)
        if earlier is not None:
            was = earlier.get(method, (0, 0, 0))[1]
            row = (*row, was, change(amount - of_today, was))
        table.append(row)
    return Panel(
        key="payments",
        title="Ways of payment",
        definition=DEFINITION + sentence(filters),
        columns=COLUMNS if earlier is None else (*COLUMNS, BEFORE, CHANGE),
        rows=table,
        chart=Chart.PARTS,
        currency=currency,
        links=[f"receipts?{filters.query(method=method)}" for method in order],
    )


def _mix(filters: Filters, stores: tuple[int, ...], currency: str, span: Span) -> dict[str, tuple[int, int, int]]:
    found = sums(MIX, filters, stores, first=span.first, last=span.last, currency=currency, today=filters.today)
    return {method: (count, amount, int(of_today)) for method, count, amount, of_today in found}
