"""The products that stock is kept of, by name, and how much of each is there and what it is worth."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db import connection

from warehouse.stock.averaging import value
from warehouse.stock.costs import average_costs
from warehouse.stock.naming import NUMBER_DIGITS_MAX, Known
from warehouse.stock.on_hand import Level, Place, levels

# What is worked out of all products of a store takes some tenths of a second, so for many stores at once it would be no
# page's work.
STORES_LIVE_MAX = 12
TOO_MANY = (
    f"This is worked out live, for at most {STORES_LIVE_MAX} stores at once. Choose a store."  # Said in their place.
)

KEPT = """
    SELECT * FROM (
        SELECT item.product, item.key, COALESCE(product.name, NULLIF(item.name, ''), substr(item.key, 3)) AS name,
               COALESCE(product.category, '') AS category, COALESCE(product.gtin, '') AS gtin, item.shelf_minimum
        FROM warehouse_item AS item
        LEFT JOIN warehouse_product AS product ON product.retailer = item.retailer_id AND product.id = item.product
        WHERE item.retailer_id = %(retailer)s AND item.is_tracked
    ) AS kept
    WHERE (%(category)s = '' OR category = %(category)s)
      AND (%(search)s = '' OR name ILIKE %(like)s OR gtin = %(search)s OR key = 's:' || %(search)s)
      AND (%(after_name)s = '' OR (name, product) > (%(after_name)s, %(after_product)s))
      AND (%(stores)s::integer[] IS NULL OR EXISTS (
            SELECT FROM warehouse_movement AS movement
            WHERE movement.store_id = ANY(%(stores)s) AND movement.product = kept.product))
      AND (%(products)s::bigint[] IS NULL OR product = ANY(%(products)s))
    ORDER BY name, product LIMIT %(limit)s
"""
CATEGORIES = "SELECT DISTINCT category FROM warehouse_product WHERE retailer = %s AND category <> '' ORDER BY 1"


class Kept(NamedTuple):
    """A product that stock is kept of."""

    known: Known
    shelf_minimum: int


class Wanted(NamedTuple):
    """Which products: those of a category, whose name or number holds a text, behind a place in the list."""

    retailer: int
    search: str = ""
    category: str = ""
    after: str = ""


class Held(NamedTuple):
    """What is there of a product in all stores that were asked for.

    `below` counts the stores in which it is below nothing, `costless` those in which something is there without a cost.
    """

    stores: dict[int, Level]
    quantity: int
    value: int
    average: int | None
    below: int
    costless: int


def kept(
    wanted: Wanted, limit: int, *, stores: Collection[int] | None = None, products: Collection[int] | None = None
) -> list[Kept]:
    """Products by name: those that ever moved in these stores (None: all), and only these products (None: all)."""
    after_name, after_product = read_place(wanted.after)
    values: dict[str, Any] = {
        "retailer": wanted.retailer, "search": wanted.search, "like": f"%{_literal(wanted.search)}%",
        "category": wanted.category, "after_name": after_name, "after_product": after_product,
        "stores": None if stores is None else list(stores), "products": None if products is None else list(products),
        "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(KEPT, values)
        return [Kept(Known(*row), minimum) for *row, minimum in cursor.fetchall()]


def place_of(one: Kept) -> str:
    """Where a list goes on behind this product."""
    return f"{one.known.product}:{one.known.name}"


def read_place(text: str) -> tuple[str, int]:
    """The name and number of the product behind which a list goes on; nothing for a text that is no such place."""
    number, _, name = text.partition(":")
    is_number = number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX
    return (name, int(number)) if is_number else ("", 0)


def held(stores: Sequence[int], products: Collection[int] | None = None) -> dict[int, Held]:
    """What is there by product: two queries."""
    averages = average_costs(stores, products)
    by_product: dict[int, dict[int, Level]] = {}
    for (store, product), level in levels(stores, products).items():
        by_product.setdefault(product, {})[store] = level
    return {product: _held(product, own, averages) for product, own in by_product.items()}


def categories(retailer_id: int) -> list[str]:
    """Every category that was sold."""
    with connection.cursor() as cursor:
        cursor.execute(CATEGORIES, [retailer_id])
        return [category for (category,) in cursor.fetchall()]


def _held(product: int, own: dict[int, Level], averages: dict[Place, int]) -> Held:
    costs = {store: averages.get((store, product)) for store in own}
    quantity = sum(level.quantity for level in own.values())
    return Held(
        stores=own,
        quantity=quantity,
        value=sum(value(level.quantity, costs[store]) for store, level in own.items()),
        average=_average(own, costs),
        below=sum(level.quantity < 0 for level in own.values()),
        costless=sum(level.quantity > 0 and costs[store] is None for store, level in own.items()),
    )


def _average(own: dict[int, Level], costs: dict[int, int | None]) -> int | None:
    """What a unit costs: weighed by what is there; where nothing is, the mean of the stores'."""
    known = [(max(own[store].quantity, 0), cost) for store, cost in costs.items() if cost is not None]
    if not known:
        return None
    whole = sum(quantity for quantity, _ in known)
    if not whole:
        return sum(cost for _, cost in known) // len(known)
    return sum(quantity * cost for quantity, cost in known) // whole


def _literal(text: str) -> str:
    """A text as LIKE takes it literally."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
