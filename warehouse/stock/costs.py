"""Average costs kept as steps: from which day on a unit costs how much. Worked out again, never entered.

After each document its products are, in the same DB transaction; all of a store's are every night, because a sale that
comes late changes what was there before a delivery. Only steps that differ are written.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from transactions.models import Store
from warehouse.stock.averaging import walk
from warehouse.stock.currency import stock_currency
from warehouse.stock.events import events_of
from warehouse.stock.on_hand import Place

STEPS = "SELECT product, day, average, currency FROM warehouse_coststep WHERE store = %(store)s {of_products}"
DROP = """
    DELETE FROM warehouse_coststep AS step USING unnest(%(products)s::bigint[], %(days)s::date[]) AS gone (product, day)
    WHERE step.store = %(store)s AND step.product = gone.product AND step.day = gone.day
"""
PUT = """
    INSERT INTO warehouse_coststep AS step (store, product, day, average, currency)
    SELECT %(store)s, product, day, average, %(currency)s
    FROM unnest(%(products)s::bigint[], %(days)s::date[], %(averages)s::bigint[]) AS made (product, day, average)
    ON CONFLICT (store, product, day) DO UPDATE SET average = EXCLUDED.average, currency = EXCLUDED.currency
"""
LATEST = """
    SELECT DISTINCT ON (store, product) store, product, average FROM warehouse_coststep
    WHERE store = ANY(%(stores)s) {of_products} {until}
    ORDER BY store, product, day DESC
"""
OF_PRODUCTS = "AND product = ANY(%(products)s::bigint[])"


def recompute(store_id: int, products: Collection[int] | None = None) -> int:
    """Works the steps of these products out (None: of all), and returns how many changed.

    The caller holds the store (warehouse.stock.locking).
    """
    currency = stock_currency(Store.objects.values_list("retailer_id", flat=True).get(pk=store_id))
    made = {
        (product, step.day): (step.average, currency)
        for product, events in events_of(store_id, products).items()
        for step in walk(events).steps
    }
    with connection.cursor() as cursor:
        cursor.execute(
            STEPS.format(of_products="" if products is None else OF_PRODUCTS),
            {"store": store_id, "products": list(products or ())},
        )
        known = {(product, day): tuple(values) for product, day, *values in cursor.fetchall()}
        gone = known.keys() - made.keys()
        changed = {key: average for key, (average, _) in made.items() if known.get(key) != (average, currency)}
        if gone:
            cursor.execute(DROP, {"store": store_id, **_arrays(gone)})
        if changed:
            averages = list(changed.values())
            cursor.execute(PUT, {"store": store_id, "currency": currency, "averages": averages, **_arrays(changed)})
    return len(gone) + len(changed)


def _arrays(keys: Collection[tuple[int, date]]) -> dict[str, Any]:
    return {"products": [product for product, _ in keys], "days": [day for _, day in keys]}


def average_costs(
    store_ids: Collection[int], products: Collection[int] | None = None, *, day: date | None = None
) -> dict[Place, int]:
    """What a whole unit costs on average, in ten-thousandths of a minor unit: now, or for the sales of `day`."""
    sql = LATEST.format(
        of_products="" if products is None else OF_PRODUCTS, until="" if day is None else "AND day <= %(day)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"stores": list(store_ids), "products": list(products or ()), "day": day})
        return {(store, product): average for store, product, average in cursor.fetchall()}
