"""What was sold up to a day, read from SoldDay: every query here names the last day that it may see.

Quantities are in whole units, net of refunds and voids; amounts in minor units. Sales in several currencies are added
up as they are: forecasts use amounts for shares and for a product's price beside others' alone.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from transactions.decimals import QUANTITY_SCALE
from transactions.models import Store
from warehouse.demand.learning import Retail, Shop
from warehouse.demand.weekly import CHAIN_WEEKS, STORE_WEEKS, WEEK_DAYS, WINDOW_WEEKS, Floats, Integers, Weekly, weekly
from warehouse.stock.models import Product

DAILY = """
    SELECT product, day - %(first)s::date, sum(quantity)::float8 FROM warehouse_soldday
    WHERE store = %(store)s AND day BETWEEN %(first)s AND %(until)s
      AND (%(products)s::bigint[] IS NULL OR product = ANY(%(products)s))
    GROUP BY product, day
"""
BY_WEEK = """
    SELECT product, (%(until)s::date - day) / 7, sum(quantity)::float8, sum(baskets)::float8, sum(amount)::float8,
           sum(discounts)::float8, max(%(until)s::date - day)
    FROM warehouse_soldday
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(until)s
    GROUP BY 1, 2
"""
BY_WEEKDAY = """
    SELECT extract(isodow FROM day)::int - 1, sum(quantity)::float8 FROM warehouse_soldday
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(until)s GROUP BY 1
"""


class Named(NamedTuple):
    """A retailer's sales, and the names of its categories by their numbers."""

    retail: Retail
    categories: list[str]


def daily_demand(
    store_id: int, first: date, last: date, chosen: Sequence[int] | None = None
) -> tuple[Integers, list[date], Floats]:
    """Products, ascending, the days from `first` to `last`, and what was sold of each, [n, days], never below 0."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    products_wanted = None if chosen is None else list(chosen)
    rows = _rows(DAILY, {"store": store_id, "first": first, "until": last, "products": products_wanted})
    if not rows:
        return np.zeros(0, np.int64), days, np.zeros((0, len(days)))
    products, place = np.unique(_integers(rows, 0), return_inverse=True)
    found = np.zeros((len(products), len(days)))
    found[place, _integers(rows, 1)] = _floats(rows, 2) / QUANTITY_SCALE
    return products, days, np.clip(found, 0.0, None)


def read_retail(retailer_id: int, until: date) -> Named:
    """All that is known of a retailer on the evening of a day."""
    stores = store_ids(retailer_id)
    sold, known_weeks = _by_week(stores, until, CHAIN_WEEKS)
    names, numbers = _categories(retailer_id, sold.products)
    return Named(Retail(sold, numbers, _by_weekday(stores, until), known_weeks), names)


def read_shop(store_id: int, until: date) -> Shop:
    """All that is known of a store on the evening of a day."""
    sold, _ = _by_week([store_id], until, STORE_WEEKS)
    return Shop(sold, _by_weekday([store_id], until))


def store_ids(retailer_id: int) -> list[int]:
    """A retailer's stores, ascending."""
    return list(Store.objects.filter(retailer=retailer_id).order_by("id").values_list("id", flat=True))


def _by_week(stores: Sequence[int], until: date, weeks: int) -> tuple[Weekly, int]:
    """The sums, and how many full weeks lie between the first sale and the day."""
    first = until - timedelta(days=weeks * WEEK_DAYS - 1)
    rows = _rows(BY_WEEK, {"stores": list(stores), "first": first, "until": until})
    quantity, *others = (_floats(rows, column) for column in range(2, 6))
    baskets, amount, discounts = others
    sold = weekly(
        products=_integers(rows, 0),
        ago=_integers(rows, 1) * WEEK_DAYS,
        values=(quantity / QUANTITY_SCALE, baskets, amount, discounts),
        weeks=weeks,
    )
    return sold, (int(_integers(rows, 6).max(initial=-1)) + 1) // WEEK_DAYS


def _by_weekday(stores: Sequence[int], until: date) -> Floats:
    first = until - timedelta(days=WINDOW_WEEKS * WEEK_DAYS - 1)
    found = np.zeros(WEEK_DAYS)
    for weekday, quantity in _rows(BY_WEEKDAY, {"stores": list(stores), "first": first, "until": until}):
        found[weekday] = max(0.0, quantity / QUANTITY_SCALE)
    return found


def _categories(retailer_id: int, products: Integers) -> tuple[list[str], Integers]:
    """Names in alphabetical order, and the number of each product's."""
    known: dict[int, str] = dict(Product.objects.filter(retailer=retailer_id).values_list("id", "category"))
    texts = [known.get(product, "") for product in products.tolist()]
    names = sorted(set(texts))
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([numbers[text] for text in texts], dtype=np.int64)


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _integers(rows: list[tuple[Any, ...]], column: int) -> Integers:
    return np.array([row[column] for row in rows], dtype=np.int64)


def _floats(rows: list[tuple[Any, ...]], column: int) -> Floats:
    return np.array([row[column] for row in rows], dtype=np.float64)
