"""What happened to products in a store, as warehouse.stock.averaging walks it: two queries for any number of products.

Sales are added up between the days on which something else happened, since only what is there on those matters.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from warehouse.stock.averaging import Event, Order
from warehouse.stock.on_hand import IN_FORCE

# A count's rows of one product are one count, at the cost that its last row with one says. Everything else has a place
# of its own, in the order in which it was written.
MOVED = f"""
    SELECT product, day, kind, moment, sum(quantity)::bigint, min(document_id),
           (array_agg(unit_cost ORDER BY position DESC) FILTER (WHERE unit_cost IS NOT NULL))[1]
    FROM warehouse_movement AS movement
    WHERE store_id = %(store)s {{of_products}} AND {IN_FORCE}
    GROUP BY product, day, kind, moment, document_id, CASE kind WHEN 'count' THEN NULL ELSE position END
    ORDER BY product, document_id, min(position)
"""  # noqa: S608
# Behind a closing begins the next day; what was sold before the first movement is nobody's matter.
SOLD = f"""
    WITH cut AS (
        SELECT product, array_agg(DISTINCT CASE moment WHEN 'after' THEN day + 1 ELSE day END) AS days
        FROM warehouse_movement AS movement
        WHERE store_id = %(store)s {{of_products}} AND {IN_FORCE}
        GROUP BY product
    )
    SELECT product, days[part.number], part.quantity
    FROM cut CROSS JOIN LATERAL (
        SELECT width_bucket(sold.day, cut.days) AS number, sum(sold.quantity)::bigint AS quantity
        FROM warehouse_soldday AS sold
        WHERE sold.store = %(store)s AND sold.product = cut.product AND sold.day >= cut.days[1]
        GROUP BY 1
    ) AS part
"""  # noqa: S608
OF_PRODUCTS = "AND product = ANY(%(products)s::bigint[])"


def events_of(store_id: int, products: Collection[int] | None = None) -> dict[int, list[Event]]:
    """The events of each product that stock knows in the store; None takes all. They are in no order."""
    narrowed = "" if products is None else OF_PRODUCTS
    values: dict[str, Any] = {"store": store_id, "products": list(products or ())}
    found: defaultdict[int, list[Event]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(MOVED.format(of_products=narrowed), values)
        for product, day, kind, moment, quantity, _, cost in cursor.fetchall():
            own = found[product]
            own.append(Event(day, _order(kind, moment, quantity), len(own), quantity, cost))
        cursor.execute(SOLD.format(of_products=narrowed), values)
        for product, day, quantity in cursor.fetchall():
            found[product].append(sold(day, quantity))
    return dict(found)


def sold(day: date, quantity: int) -> Event:
    """What was sold from this day until the next on which something happened."""
    return Event(day, Order.OUT, 0, -quantity)


def _order(kind: str, moment: str, quantity: int) -> Order:
    if kind == "count":
        return Order.COUNT_AFTER if moment == "after" else Order.COUNT_BEFORE
    return Order.IN if quantity >= 0 else Order.OUT
