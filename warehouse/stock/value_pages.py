"""What stock is worth and what sales brought beyond their cost, by category and store."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import PeriodAsking, StoreAsking
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from warehouse.stock.averaging import value
from warehouse.stock.completeness import complete_to
from warehouse.stock.costs import average_costs
from warehouse.stock.currency import stock_currency
from warehouse.stock.level_pages import START
from warehouse.stock.listing import STORES_LIVE_MAX, TOO_MANY
from warehouse.stock.margin import Earned, Group, earned
from warehouse.stock.naming import names_of
from warehouse.stock.on_hand import on_hand

SUMS = (
    Column("value", "Stock value", Kind.MONEY),
    Column("net", "Net sales", Kind.MONEY),
    Column("cost", "Cost of them", Kind.MONEY),
    Column("margin", "Margin", Kind.MONEY),
    Column("share", "Margin share", Kind.PERCENT),
    Column("costless_net", "Net sales without a cost", Kind.MONEY),
)
CATEGORIES = (Column("category", "Category", Kind.TEXT), *SUMS)
STORES = (Column("store", "Store", Kind.TEXT), *SUMS)
DEFINITION = (
    "Stock value is what is there now at its moving average cost. Net sales are without tax, with refunds and voids "
    "taken off; discounts on whole receipts are not in them. Their cost is the quantity sold at the average cost in "
    "force on the day. The margin is that of what has a cost; what has none is counted apart."
)
NO_CATEGORY = "Without a category"


class ValueAsking(PeriodAsking, StoreAsking):
    """Days and stores."""

    field_order = ("first", "last", "store")


def read_value(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Six queries beside those of the address."""
    stores, currency = asked["stores"], stock_currency(scope.retailer_id)
    if len(stores) > STORES_LIVE_MAX:
        return Contents(notes=(TOO_MANY,))
    worth = stock_values(scope.retailer_id, stores)
    brought = earned(scope.retailer_id, stores, asked["first"], asked["last"], currency=currency)
    names = {store.id: store.name for store in scope.stores}
    groups = [*worth, *(group for group in brought if group not in worth)]
    panels = [
        _panel("categories", "By category", CATEGORIES, _rows(groups, worth, brought, _category), currency),
        _panel("stores", "By store", STORES, _rows(groups, worth, brought, lambda group: names[group[0]]), currency),
    ]
    return Contents(
        figures=_figures(sum(worth.values()), _total(brought.values()), currency),
        panels=panels,
        complete_to=complete_to(stores),
        hints=() if worth else START[:1],
    )


def stock_values(retailer_id: int, stores: Sequence[int]) -> dict[Group, int]:
    """What is there now is worth, by store and category, in minor units: three queries."""
    averages = average_costs(stores)
    worth = {place: value(quantity, averages.get(place)) for place, quantity in on_hand(stores).items()}
    names = names_of(retailer_id, {product for _, product in worth})
    found: dict[Group, int] = {}
    for (store, product), amount in worth.items():
        category = names[product].category if product in names else ""
        found[store, category] = found.get((store, category), 0) + amount
    return found


def _category(group: Group) -> str:
    return group[1] or NO_CATEGORY


def _total(all_earned: Iterable[Earned]) -> Earned:
    found = list(all_earned)
    return Earned(sum(one.net for one in found), sum(one.costed_net for one in found), sum(one.cost for one in found))


def _rows(
    groups: Iterable[Group], worth: dict[Group, int], brought: dict[Group, Earned], name: Callable[[Group], str]
) -> list[Row]:
    """A row for each name, the largest margin first."""
    together: dict[str, list[Group]] = {}
    for group in groups:
        together.setdefault(name(group), []).append(group)
    sums = [
        (title, sum(worth.get(group, 0) for group in own), _total(brought.get(group, Earned()) for group in own))
        for title, own in together.items()
    ]
    return [
        (title, amount, total.net, total.cost, total.margin, total.share, total.net - total.costed_net)
        for title, amount, total in sorted(sums, key=lambda one: (-one[2].margin, -one[1], one[0]))
    ]


def _panel(key: str, title: str, columns: tuple[Column, ...], rows: list[Row], currency: str) -> Panel:
    empty = "Nothing is in stock and nothing was sold in this time."
    return Panel(key, title, DEFINITION, columns, rows, currency=currency, empty=empty)


def _figures(worth: int, total: Earned, currency: str) -> list[Figure]:
    costless = total.net - total.costed_net
    return [
        Figure("value", "Stock value", "What is there now at its average cost.", worth, Kind.MONEY, currency),
        Figure("net", "Net sales", "Without tax, refunds and voids taken off.", total.net, Kind.MONEY, currency),
        Figure("margin", "Margin", "Of what has a cost.", total.margin, Kind.MONEY, currency),
        Figure("share", "Margin share", "Of the net sales of what has a cost.", total.share, Kind.PERCENT),
        Figure(
            "costless", "Without a cost", "Net sales of which no margin is known: enter what a unit costs with a "
            "delivery or a count.", costless, Kind.MONEY, currency, needs_look=costless != 0,
        ),
    ]  # fmt: skip


VALUE = Page(
    key="value",
    title="Value and margin",
    lead="What stock is worth now, and what the sales of a time brought beyond what the goods cost.",
    right=Right.SEE_STOCK,
    read=read_value,
    lists=(ListShape("categories", CATEGORIES), ListShape("stores", STORES)),
    asks=ValueAsking,
)
