"""What is sold in a store though stock knows nothing of it: never counted, delivered or moved there."""

from datetime import date
from typing import Any, NamedTuple

from django.db import connection

SQL = """
    SELECT product, sum(quantity)::bigint, sum(net)::bigint, max(month)
    FROM warehouse_soldmonth AS sold
    WHERE store = %(store)s AND month >= %(first)s AND currency = %(currency)s
      AND NOT EXISTS (SELECT FROM warehouse_movement AS movement
                      WHERE movement.store_id = %(store)s AND movement.product = sold.product)
      AND NOT EXISTS (SELECT FROM warehouse_item AS item
                      WHERE item.retailer_id = %(retailer)s AND item.product = sold.product AND NOT item.is_tracked)
    GROUP BY product HAVING sum(quantity) <> 0 ORDER BY 3 DESC, product LIMIT %(limit)s
"""


class Unknown(NamedTuple):
    """What was sold of a product in the months that were looked at."""

    product: int
    quantity: int
    net: int
    month: date


def unknown(retailer: int, store: int, first_month: date, currency: str, limit: int) -> list[Unknown]:
    """The products, the most sold first."""
    values: dict[str, Any] = {
        "retailer": retailer, "store": store, "first": first_month, "currency": currency, "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        return [Unknown(*row) for row in cursor.fetchall()]
