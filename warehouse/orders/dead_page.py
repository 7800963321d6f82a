"""The page of dead stock."""

from datetime import datetime
from typing import Any

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from warehouse.orders.dead import DAYS, DeadItem, Why, dead_stock
from warehouse.orders.paging import cut, read_offset
from warehouse.orders.reorder_page import NO_COUNT, STORES_MAX
from warehouse.stock.currency import stock_currency
from warehouse.stock.models import Movement
from warehouse.stock.naming import told

DAYS_MAX = 730
WHYS = {Why.IDLE: "Not sold", Why.SLOW: "Lasts too long"}
COLUMNS = (
    Column("product", "Product", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("value", "Value", Kind.MONEY),
    Column("on_hand", "On hand", Kind.QUANTITY),
    Column("sold_on", "Sold last", Kind.DATE),
    Column("idle_days", "Days without a sale", Kind.COUNT),
    Column("days_left", "Days it lasts", Kind.COUNT),
    Column("why", "Why", Kind.TEXT),
    Column("number", "Number", Kind.TEXT),
)
DEFINITION = (
    "What is in stock and was not sold for so many days (counted from when it first came, if that is later), or lasts "
    "longer than that at the rate that is expected; the most valuable first. The value is at average cost, and missing "
    "where nobody said what a unit costs. Where nothing is expected to be sold, no days are said."
)


class DeadAsking(StoreAsking):
    """Stores, and after how many days without a sale stock is dead."""

    days = forms.IntegerField(label="Days", min_value=1, max_value=DAYS_MAX)

    def defaults(self) -> dict[str, Any]:
        """Two months."""
        return {**super().defaults(), "days": DAYS}

    def clean_after(self) -> int:
        """Where the list goes on."""
        return read_offset(self.cleaned_data["after"])


def read_dead(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """The same number of queries whatever is there."""
    stores = asked["stores"][:STORES_MAX]
    found = dead_stock(scope.retailer_id, stores, now.date(), days=asked["days"])
    shown, after = cut(found, asked["after"], asked["limit"])
    currency = stock_currency(scope.retailer_id)
    names = {store.id: store.name for store in scope.stores}
    is_counted = bool(found) or Movement.objects.filter(store__in=scope.store_ids).exists()
    panel = Panel(
        key="dead-stock",
        title="Dead stock",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=[_row(one, names) for one in shown],
        links=[f"product?product={one.place[1]}&store={one.place[0]}" for one in shown],
        currency=currency,
        empty="Everything in stock is sold, and soon enough.",
    )
    cut_to = f"Only the first {STORES_MAX} of {len(asked['stores'])} stores. Choose a store for the others."
    return Contents(
        panels=[panel],
        figures=_figures(found, currency),
        notes=(cut_to,) if len(asked["stores"]) > STORES_MAX else (),
        hints=() if is_counted else (NO_COUNT,),
        after=after,
    )


def _row(one: DeadItem, stores: dict[int, str]) -> Row:
    numbers = (one.value, one.on_hand, one.sold_on, one.idle_days, one.days_left)
    return one.name.name, stores[one.place[0]], *numbers, WHYS[one.why], told(one.name.key)


def _figures(found: list[DeadItem], currency: str) -> list[Figure]:
    value = sum(one.value or 0 for one in found)
    return [
        Figure("value", "Value", "Of dead stock, at average cost, where it is known.", value, Kind.MONEY, currency),
        Figure("products", "Products", "Products of a store that are dead stock.", len(found), Kind.COUNT),
    ]


DEAD = Page(
    key="dead-stock",
    title="Dead stock",
    lead="What lies in the shelves and is not sold, or not soon.",
    right=Right.SEE_STOCK,
    read=read_dead,
    lists=(ListShape("dead-stock", COLUMNS),),
    asks=DeadAsking,
)
