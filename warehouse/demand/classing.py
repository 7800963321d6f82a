"""Counts the classes of every store's products, and of every retailer's, once a day; store by store, from SoldDay.

A place is a store, or a whole retailer (store WHOLE). Each is counted in a DB transaction of its own that exchanges its
rows of ProductClass; `counted_on` in them says that it is done. So work that was killed goes on where it was, and two
workers at once do every place once.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction

from warehouse.demand.classes import DAYS, WEEK_DAYS, WEEKS, abc, xyz

# Of ProductClass: the retailer's stores together.
WHOLE = 0
# Behind the last of its stores, so that it comes after them.
LAST = 2**31 - 1
# The places of one task: some ten seconds of work, so that others in the queue are not kept waiting.
PLACES_A_STEP = 50
# The first of two numbers of an advisory lock; the second is the store's, or the retailer's with a minus.
LOCK = 7_301_031

NEXT = """
    WITH places AS (
        (SELECT retailer_id AS retailer, id AS store FROM transactions_store
         WHERE (retailer_id, id) > (%(retailer)s, %(store)s) ORDER BY retailer_id, id LIMIT %(limit)s)
        UNION ALL
        (SELECT id, %(last)s FROM transactions_retailer
         WHERE (id, %(last)s) > (%(retailer)s, %(store)s) ORDER BY id LIMIT %(limit)s)
    )
    SELECT retailer, store FROM places ORDER BY retailer, store LIMIT %(limit)s
"""
IS_COUNTED = """
    SELECT EXISTS (SELECT FROM warehouse_productclass
                   WHERE retailer = %(retailer)s AND store = %(store)s AND counted_on >= %(today)s)
"""
# A row for each product and currency; weeks are numbered from the first day.
SOLD = f"""
    SELECT product, currency, sum(net)::bigint, sum(baskets)::bigint,
           ARRAY[{
    ", ".join(
        f"coalesce(sum(quantity) FILTER (WHERE (day - %(first)s::date) / {WEEK_DAYS} = {week}), 0)::bigint"
        for week in range(WEEKS)
    )
}]
    FROM warehouse_soldday
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s
    GROUP BY product, currency
    ORDER BY product, currency
"""  # noqa: S608 (only numbers of this module are put in)
COPY = (
    "COPY warehouse_productclass (retailer, store, product, abc, xyz, revenue, currency, variation, counted_on) "
    "FROM STDIN"
)


class Place(NamedTuple):
    """A store of a retailer, or the whole of it (LAST in the order of work)."""

    retailer: int
    store: int


BEGINNING = Place(0, 0)


class Step(NamedTuple):
    """What a step did: places and products counted, and behind which place the next one begins; None at the end."""

    places: int
    products: int
    after: Place | None


def step(today: date, after: Place = BEGINNING) -> Step:
    """Counts what is due among the next PLACES_A_STEP places, with the days before `today`."""
    places = next_places(after)
    counts = [found for place in places if (found := count_classes(place, today)) is not None]
    return Step(len(counts), sum(counts), places[-1] if len(places) == PLACES_A_STEP else None)


def next_places(after: Place) -> list[Place]:
    """The places behind one, stores before their retailer."""
    values = {**after._asdict(), "last": LAST, "limit": PLACES_A_STEP}
    with connection.cursor() as cursor:
        cursor.execute(NEXT, values)
        return [Place(*row) for row in cursor.fetchall()]


def count_classes(place: Place, today: date) -> int | None:
    """Counts a place, unless it was counted today or nothing was sold; answers how many products it has, or None."""
    store = WHOLE if place.store == LAST else place.store
    key: dict[str, Any] = {"retailer": place.retailer, "store": store, "today": today}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, store or -place.retailer])
        cursor.execute(IS_COUNTED, key)
        if cursor.fetchone() == (True,):
            return None
        rows = _class_rows(_sold(cursor, _stores(cursor, place), today))
        cursor.execute("DELETE FROM warehouse_productclass WHERE retailer = %(retailer)s AND store = %(store)s", key)
        with cursor.copy(COPY) as copy:
            for product, abc_letter, xyz_letter, revenue, currency, variation in rows:
                head = (place.retailer, store, product)
                copy.write_row((*head, abc_letter, xyz_letter, revenue, currency, variation, today))
    return len(rows) or None


def _stores(cursor: Any, place: Place) -> list[int]:
    if place.store != LAST:
        return [place.store]
    cursor.execute("SELECT id FROM transactions_store WHERE retailer_id = %s", [place.retailer])
    return [row[0] for row in cursor.fetchall()]


def _sold(cursor: Any, stores: list[int], today: date) -> list[tuple[Any, ...]]:
    days = {"first": today - timedelta(days=DAYS), "last": today - timedelta(days=1)}
    cursor.execute(SOLD, {"stores": stores, **days})
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _class_rows(sold: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The classes by product; revenue counts in the currency in which most was sold, quantities in all."""
    if not sold:
        return []
    baskets: dict[str, int] = {}
    for _, currency, _, count, _ in sold:
        baskets[currency] = baskets.get(currency, 0) + count
    main = max(sorted(baskets), key=baskets.__getitem__)
    products, places = np.unique(np.array([row[0] for row in sold]), return_inverse=True)
    revenue, weekly = np.zeros(len(products), np.int64), np.zeros((len(products), WEEKS), np.int64)
    np.add.at(revenue, places, np.array([row[2] if row[1] == main else 0 for row in sold]))
    np.add.at(weekly, places, np.array([row[4] for row in sold]))
    evenness = xyz(weekly)
    columns = (products, abc(revenue, products), evenness.letters, revenue, evenness.variation)
    return [
        (product, first, second, net, main, None if variation != variation else variation)  # noqa: PLR0124 (is NaN)
        for product, first, second, net, variation in zip(*(one.tolist() for one in columns), strict=True)
    ]
