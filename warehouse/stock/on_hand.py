"""What is there: worked out live from the last count, what moved since and what was sold since. Exact.

    a product that was counted   the last count + deliveries + moves in - moves out - write-offs - returns - what was
                                 sold since
    one that never was           the same from 0, from the day of its first movement: of what was sold before that,
                                 nobody said what was there

A count stands before a day's opening or behind its closing. One before opening is followed by that day's movements and
sales, one behind closing is not. Of two counts at the same time the one written later holds; rows of one document that
name a product twice (two shelves, two lots) are added up.

A sale that reaches the ledger late is on its own day. If that lies before the last count it changes nothing, which is
right: the goods had left the shelf when it was counted. So no time stamp of a till is compared with a clock of ours.

Of sales, whole months are read from SoldMonth and the days of the month in which a product was counted from SoldDay.
A document that was reversed is as if it had never been, and so is its reversal.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

# (store, product)
Place = tuple[int, int]

# Rows that count, `movement` being the table.
IN_FORCE = """
    movement.kind <> 'reversal' AND NOT EXISTS (
        SELECT FROM warehouse_document AS later WHERE later.reverses_id = movement.document_id)
"""
_MOVED = f"""
    moved AS (
        SELECT store_id AS store, product, day, kind, moment, document_id, quantity
        FROM warehouse_movement AS movement
        WHERE store_id = ANY(%(stores)s) {{of_products}} {{until}} AND {IN_FORCE}
    ),
    counted AS (
        SELECT DISTINCT ON (store, product) store, product, document_id, day,
               CASE moment WHEN 'after' THEN day + 1 ELSE day END AS since
        FROM moved WHERE kind = 'count'
        -- In the alphabet, after comes before before.
        ORDER BY store, product, day DESC, moment, document_id DESC
    ),
    based AS (
        SELECT store, product, COALESCE(counted.since, min(moved.day)) AS since, counted.day AS counted_on,
               sum(quantity) FILTER (WHERE CASE moved.kind WHEN 'count' THEN moved.document_id = counted.document_id
                                     ELSE counted.since IS NULL OR moved.day >= counted.since END) AS quantity
        FROM moved LEFT JOIN counted USING (store, product)
        GROUP BY store, product, counted.since, counted.day
    )
"""  # noqa: S608
# The first day of the first month that `since` does not cut.
_WHOLE_FROM = "(date_trunc('month', (based.since - 1)::timestamp) + interval '1 month')::date"
# A product's rows of one time lie together, so each sum is one look into an index: laid side by side with all rows of a
# store's year instead, a page would take three times as long.
_MONTHS = """
    SELECT sum(sold.quantity) FROM warehouse_soldmonth AS sold
    WHERE sold.store = based.store AND sold.product = based.product AND sold.month >= based.since {months_until}
"""
_FIRST_DAYS = f"""
    SELECT sum(sold.quantity) FROM warehouse_soldday AS sold
    WHERE sold.store = based.store AND sold.product = based.product
      AND sold.day >= based.since AND sold.day < {_WHOLE_FROM} {{days_until}}
"""  # noqa: S608
# The last days of a time that ends, which are no whole month.
_LAST_DAYS = f"""
    SELECT sum(sold.quantity) FROM warehouse_soldday AS sold
    WHERE sold.store = based.store AND sold.product = based.product
      AND sold.day >= GREATEST({_WHOLE_FROM}, date_trunc('month', (%(day)s::date + 1)::timestamp)::date)
      AND sold.day <= %(day)s::date
"""  # noqa: S608
_SQL = f"""
    WITH {_MOVED}
    SELECT store, product, counted_on, (quantity - COALESCE(months.sum, 0) - COALESCE(first_days.sum, 0)
                                        - COALESCE(last_days.sum, 0))::bigint
    FROM based
    CROSS JOIN LATERAL ({_MONTHS}) AS months
    CROSS JOIN LATERAL ({_FIRST_DAYS}) AS first_days
    CROSS JOIN LATERAL ({{last_days}}) AS last_days
"""  # noqa: S608
_ALL = {"until": "", "months_until": "", "days_until": "", "last_days": "SELECT 0::numeric AS sum"}
_UNTIL = {
    "until": "AND day <= %(day)s::date",
    "months_until": "AND sold.month < date_trunc('month', (%(day)s::date + 1)::timestamp)::date",
    "days_until": "AND sold.day <= %(day)s::date",
    "last_days": _LAST_DAYS,
}
_OF_PRODUCTS = "AND product = ANY(%(products)s::bigint[])"


class Level(NamedTuple):
    """What is there of a product in a store, in ten-thousandths, and when it was counted last (None: never)."""

    quantity: int
    counted_on: date | None


def on_hand(
    store_ids: Collection[int], products: Collection[int] | None = None, *, day: date | None = None
) -> dict[Place, int]:
    """What is there now, or was when `day` closed, in ten-thousandths: of the products that stock knows.

    One query. `products` are numbers of ledger/products.py; None takes all.
    """
    return {place: level.quantity for place, level in levels(store_ids, products, day=day).items()}


def levels(
    store_ids: Collection[int], products: Collection[int] | None = None, *, day: date | None = None
) -> dict[Place, Level]:
    """The same with the days of the last counts."""
    times = _ALL if day is None else _UNTIL
    sql = _SQL.format(of_products="" if products is None else _OF_PRODUCTS, **times)
    values: dict[str, Any] = {"stores": list(store_ids), "products": list(products or ()), "day": day}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {(store, product): Level(quantity, counted) for store, product, counted, quantity in cursor.fetchall()}
