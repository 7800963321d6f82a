"""What counts found other than what should have been there.

Expected is the count before, more what came in and less what went out and was sold between the two; without a count
before, the same from the first movement on. A first count of what never moved expects nothing and differs from nothing.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from warehouse.stock.averaging import VALUE_SCALE
from warehouse.stock.on_hand import IN_FORCE

SQL = f"""
    WITH count_rows AS (
        SELECT store_id AS store, product, day, moment, document_id, quantity
        FROM warehouse_movement AS movement
        WHERE store_id = ANY(%(stores)s) AND kind = 'count' AND {IN_FORCE} AND product IN (
            SELECT product FROM warehouse_movement AS recent
            WHERE recent.store_id = ANY(%(stores)s) AND recent.kind = 'count' AND recent.day >= %(first)s)
    ),
    counted AS (
        SELECT DISTINCT ON (store, product, day, moment) store, product, day, moment, document_id,
               CASE moment WHEN 'after' THEN day + 1 ELSE day END AS since, sum(quantity) AS quantity
        FROM count_rows
        GROUP BY store, product, day, moment, document_id
        ORDER BY store, product, day, moment, document_id DESC
    ),
    paired AS (
        SELECT *, lag(since) OVER before AS since_before, lag(quantity) OVER before AS quantity_before
        FROM counted WINDOW before AS (PARTITION BY store, product ORDER BY since, day)
    ),
    begun AS (
        SELECT paired.*, COALESCE(since_before, (
            SELECT min(movement.day) FROM warehouse_movement AS movement
            WHERE movement.store_id = paired.store AND movement.product = paired.product AND movement.kind <> 'count'
              AND movement.day < paired.since AND {IN_FORCE})) AS begin
        FROM paired WHERE day >= %(first)s
    )
    SELECT begun.store, begun.product, begun.day, begun.document_id, begun.quantity::bigint,
           (COALESCE(quantity_before, 0) + COALESCE(between_them.sum, 0) - COALESCE(sold.sum, 0))::bigint,
           (SELECT average FROM warehouse_coststep AS step
            WHERE step.store = begun.store AND step.product = begun.product AND step.day <= begun.day
            ORDER BY step.day DESC LIMIT 1)
    FROM begun
    CROSS JOIN LATERAL (
        SELECT sum(quantity) FROM warehouse_movement AS movement
        WHERE movement.store_id = begun.store AND movement.product = begun.product AND movement.kind <> 'count'
          AND movement.day >= begun.begin AND movement.day < begun.since AND {IN_FORCE}) AS between_them
    CROSS JOIN LATERAL (
        SELECT sum(quantity) FROM warehouse_soldday AS sold
        WHERE sold.store = begun.store AND sold.product = begun.product
          AND sold.day >= begun.begin AND sold.day < begun.since) AS sold
    WHERE begun.begin IS NOT NULL
"""  # noqa: S608


class Difference(NamedTuple):
    """Of one product in one count, quantities in ten-thousandths; `average` is what a unit cost on that day."""

    store: int
    product: int
    day: date
    document: int
    counted: int
    expected: int
    average: int | None

    @property
    def quantity(self) -> int:
        """What was found beyond what was expected."""
        return self.counted - self.expected

    @property
    def value(self) -> int | None:
        """The same in minor units, half away from zero; None where no cost is known."""
        if self.average is None:
            return None
        size = (2 * abs(self.quantity) * self.average + VALUE_SCALE) // (2 * VALUE_SCALE)
        return size if self.quantity > 0 else -size


def differences(stores: Collection[int], first: date) -> list[Difference]:
    """Of counts from a day on, those that differ, the largest value first: one query."""
    values: dict[str, Any] = {"stores": list(stores), "first": first}
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        found = [Difference(*row) for row in cursor.fetchall()]
    return sorted(
        (one for one in found if one.quantity),
        key=lambda one: (-abs(one.value or 0), -abs(one.quantity), one.product, one.document),
    )
