"""The pages of what a retailer says of products and suppliers."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel
from warehouse.stock.level_pages import CategoryAsking
from warehouse.stock.listing import read_place
from warehouse.stock.models import Supplier
from warehouse.stock.naming import told

ITEMS = (
    Column("name", "Product", Kind.TEXT),
    Column("supplier", "Supplier", Kind.TEXT),
    Column("pack", "Pack", Kind.QUANTITY),
    Column("order_minimum", "Least order", Kind.QUANTITY),
    Column("shelf_minimum", "Minimum", Kind.QUANTITY),
    Column("lead_days", "Lead time", Kind.COUNT),
    Column("tracked", "Stock is kept", Kind.TEXT),
    Column("category", "Category", Kind.TEXT),
    Column("product", "Number", Kind.TEXT),
)
SUPPLIERS = (
    Column("name", "Supplier", Kind.TEXT),
    Column("products", "Products", Kind.COUNT),
    Column("lead_days", "Lead time", Kind.COUNT),
    Column("review_days", "Order every", Kind.COUNT),
    Column("email", "E-mail address", Kind.TEXT),
    Column("state", "State", Kind.TEXT),
    Column("supplier", "Id", Kind.ID),
)
ITEMS_ARE = (
    "Every product that was counted, delivered or told of. A pack is what orders come in; the minimum should always be "
    "there; the lead time is in days, where it is not the supplier's."
)
SUPPLIERS_ARE = "Lead time: days from the order to the delivery. Order every: days from one order to the next."
SQL = """
    SELECT * FROM (
        SELECT item.product, item.key, COALESCE(product.name, NULLIF(item.name, ''), substr(item.key, 3)) AS name,
               COALESCE(product.category, '') AS category, COALESCE(product.gtin, '') AS gtin,
               COALESCE(supplier.name, ''), item.pack, item.order_minimum, item.shelf_minimum, item.lead_days,
               item.is_tracked
        FROM warehouse_item AS item
        LEFT JOIN warehouse_product AS product ON product.retailer = item.retailer_id AND product.id = item.product
        LEFT JOIN warehouse_supplier AS supplier ON supplier.id = item.supplier_id
        WHERE item.retailer_id = %(retailer)s
    ) AS known
    WHERE (%(category)s = '' OR category = %(category)s)
      AND (%(search)s = '' OR strpos(lower(name), lower(%(search)s)) > 0 OR gtin = %(search)s
           OR key = 's:' || %(search)s)
      AND (%(after_name)s = '' OR (name, product) > (%(after_name)s, %(after_product)s))
    ORDER BY name, product LIMIT %(limit)s
"""
SUPPLIERS_MAX = 2_000


def read_items(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One query."""
    limit = asked["limit"]
    name, product = read_place(asked["after"])
    values: dict[str, Any] = {
        "retailer": scope.retailer_id, "search": asked["search"], "category": asked["category"], "limit": limit + 1,
        "after_name": name, "after_product": product,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        found = cursor.fetchall()
    shown = found[:limit]
    rows = [
        (name, supplier, pack, least, minimum, days, "yes" if is_tracked else "no", category, told(key))
        for _, key, name, category, _, supplier, pack, least, minimum, days, is_tracked in shown
    ]
    panel = Panel(
        "items", "Products", ITEMS_ARE, ITEMS, list(rows),
        links=[f"item?{urlencode({'product': told(row[1])})}" for row in shown], empty="There is no such product.",
    )  # fmt: skip
    nothing = Hint("Products stand here once they are counted or delivered.", "count", "Count")
    is_empty = not found and not any(asked[key] for key in ("search", "category", "after"))
    after = f"{shown[-1][0]}:{shown[-1][2]}" if len(found) > limit else ""
    return Contents(panels=[panel], hints=(nothing,) if is_empty else (), after=after)


def read_suppliers(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One query."""
    found = Supplier.objects.filter(retailer=scope.retailer_id).annotate(products=Count("items"))[:SUPPLIERS_MAX]
    suppliers = list(found)
    panel = Panel(
        "suppliers", "Suppliers", SUPPLIERS_ARE, SUPPLIERS,
        [
            (one.name, one.products, one.lead_days, one.review_days, one.email,
             "in use" if one.is_active else "no longer", str(one.pk))
            for one in suppliers
        ],
        links=[f"supplier?supplier={one.pk}" for one in suppliers], empty="There is no supplier yet.",
    )  # fmt: skip
    hint = Hint("Add who delivers to you: orders and deliveries name them.", "supplier", "Add a supplier")
    return Contents(panels=[panel], hints=() if suppliers else (hint,))


ITEMS_PAGE = Page(
    key="items",
    title="Products",
    lead="Of whom each product is bought, in what packs, and how little is too little.",
    right=Right.SEE_STOCK,
    read=read_items,
    lists=(ListShape("items", ITEMS),),
    asks=CategoryAsking,
    actions=(Action("item", "Change a product"), Action("many-items", "Change many"), Action("suppliers", "Suppliers")),
)
SUPPLIERS_PAGE = Page(
    key="suppliers",
    title="Suppliers",
    lead="Who delivers, and how long it takes.",
    right=Right.SEE_STOCK,
    read=read_suppliers,
    lists=(ListShape("suppliers", SUPPLIERS),),
    actions=(Action("supplier", "Add a supplier"),),
    tab="items",
)
