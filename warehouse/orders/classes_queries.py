"""Reads products' classes: how many of each, and the products of one."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db import connection

from warehouse.demand.models import ProductClass
from warehouse.orders.names import product_names
from warehouse.orders.outlook import Place
from warehouse.orders.terms import UNKNOWN, terms_of
from warehouse.stock.averaging import value
from warehouse.stock.costs import average_costs
from warehouse.stock.naming import Known
from warehouse.stock.on_hand import on_hand

# One row a class.
CELLS = """
    SELECT abc, xyz, currency, count(*), sum(revenue)::bigint, max(counted_on),
           count(*) FILTER (WHERE variation IS NULL)
    FROM warehouse_productclass WHERE retailer = %s AND store = %s GROUP BY abc, xyz, currency
"""


class ClassCell(NamedTuple):
    """The products of a class in a store (0: the whole retailer): how many, their net revenue, the last count."""

    abc: str
    xyz: str
    currency: str
    products: int
    revenue: int
    counted_on: date
    unsteady: int  # Of too few weeks to say how evenly they are sold.


class ClassedProduct(NamedTuple):
    """A product of a list; on hand in ten-thousandths, None where stock does not know it; its value in minor units."""

    product: int
    name: Known
    abc: str
    xyz: str
    revenue: int
    currency: str
    variation: float | None
    on_hand: int | None
    value: int | None


class Stock(NamedTuple):
    """What is there of a product in some stores, and its value (None: nobody said what a unit costs)."""

    on_hand: int
    value: int | None


def cells(retailer_id: int, store: int) -> list[ClassCell]:
    """Every class that has a product: one query."""
    with connection.cursor() as cursor:
        cursor.execute(CELLS, [retailer_id, store])
        return [ClassCell(*row) for row in cursor.fetchall()]


def classes_of(retailer_id: int, store: int) -> dict[int, str]:
    """The class of every product, such as AX: one query."""
    rows = ProductClass.objects.filter(retailer=retailer_id, store=store).values_list("product", "abc", "xyz")
    return {product: abc + xyz for product, abc, xyz in rows}


def products(
    retailer_id: int, store: int, *, of: tuple[str, str], stores: Collection[int], part: tuple[int, int]
) -> list[ClassedProduct]:
    """The products of a class ("" for any letter), the largest revenue first; `part` is offset and limit."""
    found = ProductClass.objects.filter(retailer=retailer_id, store=store)
    for name, letter in zip(("abc", "xyz"), of, strict=True):
        found = found.filter(**{name: letter}) if letter else found
    offset, limit = part
    rows = found.order_by("-revenue", "product")[offset : offset + limit]
    chosen = [row.product for row in rows]
    names = product_names(retailer_id, chosen)
    there = stock_of(retailer_id, stores, chosen)
    return [
        ClassedProduct(
            row.product,
            names[row.product],
            row.abc,
            row.xyz,
            row.revenue,
            row.currency,
            row.variation,
            *there.get(row.product, (None, None)),
        )
        for row in rows
    ]


def stock_of(retailer_id: int, store_ids: Collection[int], chosen: Collection[int] | None = None) -> dict[int, Stock]:
    """What is there of products (None: all) in these stores together, of those whose stock is kept: three queries."""
    levels = on_hand(store_ids, chosen)
    costs = average_costs(store_ids, chosen)
    terms = terms_of(retailer_id, chosen)
    by_product: dict[int, list[Place]] = {}
    for place in levels:
        if terms.get(place[1], UNKNOWN).is_tracked:
            by_product.setdefault(place[1], []).append(place)
    return {
        product: Stock(
            sum(levels[place] for place in places),
            sum(value(max(levels[place], 0), costs[place]) for place in places if place in costs)
            if any(place in costs for place in places)
            else None,
        )
        for product, places in by_product.items()
    }
