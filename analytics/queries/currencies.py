"""Which currencies some stores sold in."""

from analytics.filters import Span
from analytics.queries.rows import rows

# Payments have the fewest rows of all roll-ups by day.
CURRENCIES = """
    SELECT currency, sum(payments)::bigint FROM analytics_paymentday
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s
    GROUP BY currency ORDER BY 2 DESC, 1
"""


def currencies(stores: tuple[int, ...], span: Span) -> dict[str, int]:
    """Payments by currency, the most used first: one query."""
    return dict(rows(CURRENCIES, stores=stores, first=span.first, last=span.last))
