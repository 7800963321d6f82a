"""Stock levels: what is there of each product, in one store or all."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import SearchAsking, StoreAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel, Row, ratio
from warehouse.stock.completeness import complete_to
from warehouse.stock.currency import stock_currency
from warehouse.stock.listing import (
    STORES_LIVE_MAX,
    TOO_MANY,
    Held,
    Kept,
    Wanted,
    categories,
    held,
    kept,
    place_of,
)
from warehouse.stock.models import COST_SCALE

COLUMNS = (
    Column("name", "Product", Kind.TEXT),
    Column("on_hand", "On hand", Kind.QUANTITY),
    Column("minimum", "Minimum", Kind.QUANTITY),
    Column("average", "Average cost", Kind.MONEY),
    Column("value", "Value", Kind.MONEY),
    Column("below", "Stores below 0", Kind.COUNT),
    Column("counted_on", "Last count", Kind.DATE),
    Column("category", "Category", Kind.TEXT),
    Column("code", "Number", Kind.TEXT),
    Column("product", "Product id", Kind.ID),
)
DEFINITION = (
    "The last count, more what came in since, less what went out and was sold since. Average cost is that of one unit, "
    "without tax; value is what is there at that cost, and nothing where less than nothing is there."
)
# So many rows a list has when everything is looked through; no retailer has more products.
ALL = 1_000_000
NEGATIVE, LOW, COSTLESS = "negative", "low", "costless"
SHOWN = [
    ("", "All products"),
    (NEGATIVE, "Below 0"),
    (LOW, "At or below the minimum"),
    (COSTLESS, "Without a cost"),
]
START = (
    Hint(
        "Stock begins with a first count. Download the list of what was sold, fill in what is there and what one unit "
        "costs, and upload it as the count.",
        "count-list",
        "List of products",
    ),
    Hint("Or type in what is there.", "count", "Count"),
    Hint("What is not counted begins with its first delivery.", "deliver", "Take in a delivery"),
)


class CategoryAsking(SearchAsking):
    """A part of a name or a number, and a category."""

    category = forms.ChoiceField(label="Category", required=False)

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        own: Any = self.fields["category"]
        own.choices = [("", "All categories"), *((name, name) for name in categories(scope.retailer_id))]


class LevelsAsking(StoreAsking, CategoryAsking):
    """Which products of which store."""

    only = forms.ChoiceField(label="Show", required=False, choices=SHOWN)
    field_order = ("store", "search", "category", "only")


def read_levels(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Five queries beside those of the address."""
    wanted = Wanted(scope.retailer_id, asked["search"], asked["category"], asked["after"])
    stores, limit = asked["stores"], asked["limit"]
    if asked["only"] and len(stores) > STORES_LIVE_MAX:
        return Contents(panels=[_panel([], {}, "", asked)], notes=(TOO_MANY,))
    if asked["only"]:
        found = held(stores)
        # What was never moved is at its minimum only where there is one, and that is not this store's matter.
        rows = [one for one in kept(wanted, ALL, products=found) if _fits(one, found[one.known.product], asked["only"])]
    else:
        rows = kept(wanted, limit + 1, stores=None if _is_whole(scope, asked) else stores)
        found = held(stores, [one.known.product for one in rows])
    shown, rest = rows[:limit], rows[limit:]
    is_empty = not rows and not any(asked[name] for name in ("search", "category", "only", "after"))
    return Contents(
        panels=[_panel(shown, found, stock_currency(scope.retailer_id), asked)],
        complete_to=complete_to(stores),
        hints=START if is_empty else (),
        after=place_of(shown[-1]) if rest else "",
    )


def _is_whole(scope: Scope, asked: dict[str, Any]) -> bool:
    return scope.sees_all_stores and asked["store"] is None


def _fits(one: Kept, found: Held, only: str) -> bool:
    if only == NEGATIVE:
        return found.below > 0
    if only == LOW:
        return any(level.quantity <= one.shelf_minimum for level in found.stores.values())
    return found.costless > 0


def _panel(shown: list[Kept], found: dict[int, Held], currency: str, asked: dict[str, Any]) -> Panel:
    store = {"store": asked["store"]} if asked["store"] else {}
    return Panel(
        key="levels",
        title="Stock",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=[_row(one, found.get(one.known.product)) for one in shown],
        currency=currency,
        links=[f"product?{urlencode({'product': one.known.product, **store})}" for one in shown],
        empty="There is no such product in stock.",
    )


def _row(one: Kept, found: Held | None) -> Row:
    known = one.known
    named = (known.category, known.code, str(known.product))
    if found is None:
        return (known.name, None, one.shelf_minimum, None, None, 0, None, *named)
    return (
        known.name,
        found.quantity,
        one.shelf_minimum,
        unit_cost(found.average),
        found.value,
        found.below,
        _last_count(found),
        *named,
    )


def unit_cost(average: int | None) -> int | None:
    """What one unit costs in whole minor units."""
    return None if average is None else ratio(average, COST_SCALE)


def _last_count(found: Held) -> date | None:
    """Of several stores, the one that was counted longest ago; None when one never was."""
    counted = [level.counted_on for level in found.stores.values()]
    known = [day for day in counted if day is not None]
    return min(known) if known and len(known) == len(counted) else None


LEVELS = Page(
    key="levels",
    title="Levels",
    lead="What is there of each product, worked out live from counts, documents and sales.",
    right=Right.SEE_STOCK,
    read=read_levels,
    lists=(ListShape("levels", COLUMNS),),
    asks=LevelsAsking,
    actions=(
        Action("deliver", "Take in a delivery"),
        Action("count", "Count"),
        Action("move", "Move"),
        Action("write-off", "Write off"),
        Action("count-list", "List for counting"),
    ),
)
