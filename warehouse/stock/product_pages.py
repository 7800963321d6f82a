"""One product: what is there by store, what moved, what was sold by week, and its lots."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db import connection
from django.http import Http404

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Action, Contents, ListShape, Page
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row
from warehouse.stock.averaging import value
from warehouse.stock.completeness import complete_to
from warehouse.stock.costs import average_costs
from warehouse.stock.currency import stock_currency
from warehouse.stock.level_pages import unit_cost
from warehouse.stock.listing import Held, held
from warehouse.stock.lots import LeftLot, lots_left
from warehouse.stock.movement_lists import movements
from warehouse.stock.movement_pages import COLUMNS as MOVEMENT_COLUMNS
from warehouse.stock.movement_pages import PRODUCT_MAX, movements_panel
from warehouse.stock.naming import Known, names_of, told

WEEKS = 52
# The latest; all are a click away.
MOVEMENTS_SHOWN = 50
STORES = (
    Column("store", "Store", Kind.TEXT),
    Column("on_hand", "On hand", Kind.QUANTITY),
    Column("average", "Average cost", Kind.MONEY),
    Column("value", "Value", Kind.MONEY),
    Column("counted_on", "Last count", Kind.DATE),
)
SOLD = (
    Column("week", "Week from", Kind.DATE),
    Column("net", "Net sales", Kind.MONEY),
    Column("quantity", "Sold", Kind.QUANTITY),
    Column("baskets", "Sales with it", Kind.COUNT),
)
LOTS = (
    Column("expires_on", "Expires on", Kind.DATE),
    Column("quantity", "Left", Kind.QUANTITY),
    Column("lot", "Lot", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
)
LOTS_ARE = (
    "What is left of each lot when the first to expire is sold first, and goods without a date before all others: "
    "nobody says which lot was sold, so look at the shelf."
)
# Weeks are told by their Mondays.
WEEKLY = """
    SELECT date_trunc('week', day::timestamp)::date, sum(net)::bigint, sum(quantity)::bigint, sum(baskets)::bigint
    FROM warehouse_soldday
    WHERE store = ANY(%(stores)s) AND product = %(product)s AND day >= %(first)s AND currency = %(currency)s
    GROUP BY 1
"""


class ProductAsking(StoreAsking):
    """One product, in one store or all."""

    product = forms.IntegerField(min_value=1, max_value=PRODUCT_MAX, widget=forms.HiddenInput)


def read_product(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Everything of one product."""
    product, stores = asked["product"], asked["stores"]
    known = names_of(scope.retailer_id, [product]).get(product)
    if known is None:
        raise Http404
    currency = stock_currency(scope.retailer_id)
    found = held(stores, [product]).get(product)
    moved = movements(scope.retailer_id, stores, MOVEMENTS_SHOWN, product=product)
    panels = [
        _by_store(scope, product, found, currency),
        _by_week(stores, product, currency, now.date()),
        lots_panel(scope, lots_left(stores, [product])),
        movements_panel(scope, moved, title="Latest movements"),
    ]
    asked_for = urlencode({"product": product, "first": now.date() - timedelta(365), "last": now.date()})
    return Contents(
        title=known.name,
        figures=_figures(found, currency),
        panels=panels,
        complete_to=complete_to(stores),
        notes=(_told(known),),
        actions=(
            Action(f"item?{urlencode({'product': told(known.key)})}", "Supplier and minimum"),
            Action(f"movements?{asked_for}", "All movements"),
        ),
    )


def lots_panel(scope: Scope, found: list[LeftLot]) -> Panel:
    """The lots of one product."""
    names = {store.id: store.name for store in scope.stores}
    return Panel(
        key="lots",
        title="Lots",
        definition=LOTS_ARE,
        columns=LOTS,
        rows=[(one.expires_on, one.quantity, one.lot, names[one.store]) for one in found],
        empty="No lot with a date was delivered or counted.",
    )


def _told(known: Known) -> str:
    parts = [f"Number {known.code}" if known.code else "", known.category, f"GTIN {known.gtin}" if known.gtin else ""]
    return " · ".join(part for part in parts if part) or "Told apart by its name."


def _figures(found: Held | None, currency: str) -> list[Figure]:
    if found is None:
        return []
    below = "Less than nothing cannot be there: count it, or enter the delivery that is missing."
    return [
        Figure(
            "on-hand", "On hand", f"What is there. {below if found.below else ''}".strip(), found.quantity,
            Kind.QUANTITY, needs_look=found.below > 0,
        ),
        Figure(
            "average", "Average cost", "Of one unit, without tax.", unit_cost(found.average), Kind.MONEY, currency,
            needs_look=found.costless > 0,
        ),
        Figure("value", "Value", "What is there at its average cost.", found.value, Kind.MONEY, currency),
    ]  # fmt: skip


def _by_store(scope: Scope, product: int, found: Held | None, currency: str) -> Panel:
    names = {store.id: store.name for store in scope.stores}
    levels = found.stores if found else {}
    averages = average_costs(list(levels), [product]) if levels else {}
    rows: list[Row] = []
    for store in sorted(levels, key=lambda one: names[one]):
        level, average = levels[store], averages.get((store, product))
        worth = value(level.quantity, average)
        rows.append((names[store], level.quantity, unit_cost(average), worth, level.counted_on))
    return Panel(
        key="stores",
        title="By store",
        definition="What is there in each store, and what it is worth.",
        columns=STORES,
        rows=rows,
        currency=currency,
        empty="No store has counted it or had it delivered, so nobody knows what is there.",
    )


def _by_week(stores: Collection[int], product: int, currency: str, today: date) -> Panel:
    this_week = today - timedelta(today.weekday())
    first = this_week - timedelta(weeks=WEEKS - 1)
    values: dict[str, Any] = {"stores": list(stores), "product": product, "first": first, "currency": currency}
    with connection.cursor() as cursor:
        cursor.execute(WEEKLY, values)
        sold = {week: sums for week, *sums in cursor.fetchall()}
    weeks = [first + timedelta(weeks=number) for number in range(WEEKS)]
    return Panel(
        key="sold",
        title="Sold by week",
        definition="Net sales are without tax, with refunds and voids taken off. The last week is not over.",
        columns=SOLD,
        rows=[(week, *sold.get(week, (0, 0, 0))) for week in weeks] if sold else [],
        chart=Chart.LINE,
        currency=currency,
        empty="Nothing of it was sold in the last year.",
    )


PRODUCT = Page(
    key="product",
    title="Product",
    lead="What is there, what moved and what was sold.",
    right=Right.SEE_STOCK,
    read=read_product,
    lists=(
        ListShape("stores", STORES),
        ListShape("sold", SOLD),
        ListShape("lots", LOTS),
        ListShape("movements", MOVEMENT_COLUMNS),
    ),
    asks=ProductAsking,
    tab="levels",
)
