"""Lots and how much of each is left in stores: what came in by lot, and what is on hand laid over it (expiry.py).

The last count of a product that names a lot says which lots there are; what came in since is added, and what is known
to have gone out of a lot is taken off. A lot without a number is told apart by its day.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from warehouse.stock.expiry import Lot, remaining
from warehouse.stock.on_hand import IN_FORCE, on_hand

SQL = f"""
    WITH moved AS (
        SELECT store_id AS store, product, day, kind, moment, document_id, quantity, lot, expires_on
        FROM warehouse_movement AS movement
        WHERE store_id = ANY(%(stores)s) AND (expires_on IS NOT NULL OR lot <> '') {{of_products}} AND {IN_FORCE}
    ),
    counted AS (
        SELECT DISTINCT ON (store, product) store, product, document_id,
               CASE moment WHEN 'after' THEN day + 1 ELSE day END AS since
        FROM moved WHERE kind = 'count' AND expires_on IS NOT NULL
        ORDER BY store, product, day DESC, moment, document_id DESC
    )
    SELECT store, product, max(lot), min(expires_on), sum(quantity)::bigint
    FROM moved LEFT JOIN counted USING (store, product)
    WHERE CASE moved.kind WHEN 'count' THEN moved.document_id = counted.document_id
          ELSE counted.since IS NULL OR moved.day >= counted.since END
    GROUP BY store, product, CASE lot WHEN '' THEN expires_on::text ELSE lot END
    HAVING min(expires_on) IS NOT NULL
"""  # noqa: S608


class LeftLot(NamedTuple):
    """What is left of a lot, in ten-thousandths."""

    store: int
    product: int
    lot: str
    expires_on: date
    quantity: int


def lots_left(
    stores: Collection[int], products: Collection[int] | None = None, *, until: date | None = None
) -> list[LeftLot]:
    """The lots of which something is left, the first to expire first; only those that expire until a day."""
    values: dict[str, Any] = {"stores": list(stores), "products": list(products or ())}
    came: defaultdict[tuple[int, int], list[Lot]] = defaultdict(list)
    narrowed = "" if products is None else "AND product = ANY(%(products)s::bigint[])"
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(of_products=narrowed), values)
        for store, product, lot, expires_on, quantity in cursor.fetchall():
            came[store, product].append(Lot(expires_on, lot, quantity))
    there = on_hand({store for store, _ in came}, {product for _, product in came}) if came else {}
    found = [
        LeftLot(*place, lot.lot, lot.expires_on, lot.quantity)
        for place, lots in came.items()
        for lot in remaining(there.get(place, 0), lots)
        if until is None or lot.expires_on <= until
    ]
    return sorted(found, key=lambda one: (one.expires_on, one.store, one.product, one.lot))
