"""What sales brought beyond what the goods cost: by store and category, from SoldDay and the steps of average costs.

    net sales      without tax, refunds and voids taken off; discounts on whole receipts are not taken off
    cost           quantity sold x the average cost in force on the day of each sale
    margin         net sales of what has a cost, less that cost

What was sold before a product had a cost, or has none at all, is counted apart: its margin is not known.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from portal.sheets.panels import ratio
from warehouse.stock.averaging import VALUE_SCALE

# Between two steps the cost is one: what was sold there is one look into an index.
SQL = """
    WITH sold AS (
        SELECT store, product, sum(net) AS net FROM warehouse_soldday
        WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s AND currency = %(currency)s
        GROUP BY store, product
    ),
    span AS (
        SELECT store, product, average, day AS begin,
               COALESCE(lead(day) OVER (PARTITION BY store, product ORDER BY day), 'infinity'::date) AS until
        FROM warehouse_coststep WHERE store = ANY(%(stores)s) AND currency = %(currency)s AND day <= %(last)s
    ),
    costed AS (
        SELECT span.store, span.product, sum(part.net) AS net, sum(part.quantity * span.average) AS cost
        FROM span CROSS JOIN LATERAL (
            SELECT sum(net) AS net, sum(quantity) AS quantity FROM warehouse_soldday AS day_sold
            WHERE day_sold.store = span.store AND day_sold.product = span.product
              AND day_sold.day >= GREATEST(span.begin, %(first)s::date) AND day_sold.day < span.until
              AND day_sold.day <= %(last)s AND day_sold.currency = %(currency)s
        ) AS part
        WHERE span.until > %(first)s
        GROUP BY span.store, span.product
    )
    SELECT sold.store, COALESCE(named.category, ''), sum(sold.net), sum(COALESCE(costed.net, 0)),
           sum(COALESCE(costed.cost, 0))
    FROM sold LEFT JOIN costed USING (store, product)
    LEFT JOIN warehouse_product AS named ON named.retailer = %(retailer)s AND named.id = sold.product
    GROUP BY 1, 2
"""


class Earned(NamedTuple):
    """Minor units: all net sales, those of what has a cost, and that cost."""

    net: int = 0
    costed_net: int = 0
    cost: int = 0

    @property
    def margin(self) -> int:
        """What is left of net sales whose cost is known."""
        return self.costed_net - self.cost

    @property
    def share(self) -> int | None:
        """The margin in hundredths of a per cent of these net sales."""
        return ratio(self.margin * 10_000, self.costed_net)


# (store, category)
Group = tuple[int, str]


def earned(retailer: int, stores: Collection[int], first: date, last: date, *, currency: str) -> dict[Group, Earned]:
    """By store and category: one query. A group's cost is rounded once, half away from zero."""
    values: dict[str, Any] = {
        "retailer": retailer, "stores": list(stores), "first": first, "last": last, "currency": currency,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        return {
            (store, category): Earned(int(net), int(costed), ratio(int(cost), VALUE_SCALE) or 0)
            for store, category, net, costed, cost in cursor.fetchall()
        }
