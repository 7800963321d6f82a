"""The page of what to order now."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from transactions.decimals import QUANTITY_SCALE
from warehouse.orders.paging import cut, read_offset
from warehouse.orders.reorder import SERVICE_LEVEL, WHOLE, Reorder, Suggestion, suggestions
from warehouse.stock.currency import stock_currency
from warehouse.stock.models import Movement, Supplier
from warehouse.stock.naming import told

# Stores that are worked out at once: a second for each of ten thousand products.
STORES_MAX = 5
# Buttons of one page; the rows lead to the other orders.
ORDERS_OFFERED_MAX = 3
# Of a chance that high people say that it will happen.
LIKELY = WHOLE // 2
TENTH = QUANTITY_SCALE // 10
LEVELS = ((0.9, "90 %"), (SERVICE_LEVEL, "95 %"), (0.98, "98 %"), (0.99, "99 %"))
COLUMNS = (
    Column("supplier", "Supplier", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("product", "Product", Kind.TEXT),
    Column("on_hand", "On hand", Kind.QUANTITY),
    Column("on_order", "On order", Kind.QUANTITY),
    Column("expected", "Expected", Kind.QUANTITY),
    Column("days_left", "Days left", Kind.COUNT),
    Column("chance", "Runs out", Kind.PERCENT),
    Column("quantity", "Order", Kind.QUANTITY),
    Column("packs", "Packs", Kind.COUNT),
    Column("cost", "Cost", Kind.MONEY),
    Column("why", "Why", Kind.PROSE),
    Column("number", "Number", Kind.TEXT),
)
DEFINITION = (
    "What an order of today has to bring, by supplier, the most urgent first. “Runs out” is the chance that demand "
    "until today’s order comes exceeds what is there and what is on order and comes before. The quantity is what is "
    "missing to the demand until the next order comes, in whole packs; that demand is exceeded as rarely as you ask "
    "for. “Expected” is what will be sold until today’s order comes. What is on order is taken off, also what is late."
)
NOTHING = "Nothing has to be ordered: everything lasts until the next delivery."
NO_COUNT = Hint(
    "Nobody has counted yet, so nobody knows what is there. Count the shelves, or enter what comes in from now on.",
    "count",
    "Count the stock",
)
NO_SUPPLIER = Hint(
    "No supplier is known yet. Say who delivers, in how many days and how often, and of whom each product comes.",
    "supplier",
    "Enter a supplier",
)


class ReorderAsking(StoreAsking):
    """Stores, a supplier, and how sure one wants to be."""

    supplier = forms.TypedChoiceField(label="Supplier", required=False, coerce=int, empty_value=None)
    level = forms.TypedChoiceField(label="Sure to have it", coerce=float, choices=LEVELS)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = Supplier.objects.filter(retailer=self.scope.retailer_id).values_list("id", "name")
        self.fields["supplier"].choices = [("", "All suppliers"), *own]  # type: ignore[attr-defined]

    def defaults(self) -> dict[str, Any]:
        """Of twenty times, it may be missing once."""
        return {**super().defaults(), "level": SERVICE_LEVEL}

    def clean_after(self) -> int:
        """Where the list goes on."""
        return read_offset(self.cleaned_data["after"])


def read_reorder(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """The same number of queries whatever is sold."""
    stores = asked["stores"][:STORES_MAX]
    found = suggestions(scope.retailer_id, stores, now.date(), level=asked["level"])
    chosen = [one for one in found.suggestions if asked["supplier"] in {None, one.terms.supplier}]
    shown, after = cut(chosen, asked["after"], asked["limit"])
    currency = stock_currency(scope.retailer_id)
    names = {store.id: store.name for store in scope.stores}
    panel = Panel(
        key="reorder",
        title="To order",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=[_row(one, names) for one in shown],
        currency=currency,
        links=[_link(one) for one in shown],
        empty=NOTHING,
    )
    return Contents(
        panels=[panel],
        figures=_figures(chosen, currency),
        notes=tuple(_notes(found, len(asked["stores"]))),
        hints=tuple(_hints(scope, found)),
        actions=tuple(_actions(chosen, names if len(asked["stores"]) > 1 else {})),
        after=after,
    )


def _row(one: Suggestion, stores: dict[int, str]) -> Row:
    # Of what is only expected, a tenth says enough.
    expected = (one.expected + TENTH // 2) // TENTH * TENTH
    quantities = (one.on_hand, one.on_order, expected, one.days_left, one.chance, one.ordered.quantity)
    head = (one.terms.supplier_name or None, stores[one.place[0]], one.name.name)
    return *head, *quantities, one.ordered.packs, one.cost, one.why, told(one.name.key)


def _link(one: Suggestion) -> str:
    """The order that it belongs into; without a supplier, where to say who delivers it."""
    if one.terms.supplier:
        return f"order-form?store={one.place[0]}&supplier={one.terms.supplier}"
    return f"item?{urlencode({'product': told(one.name.key)})}" if one.name.key else ""


def _figures(found: list[Suggestion], currency: str) -> list[Figure]:
    likely = sum(one.chance >= LIKELY for one in found)
    ordered = [one for one in found if one.ordered.packs]
    cost = sum(one.cost or 0 for one in ordered)
    return [
        Figure(
            "likely",
            "Will run out",
            "Products of a store that run out before an order of today comes with a chance of a half and more.",
            likely,
            Kind.COUNT,
            needs_look=likely > 0,
        ),
        Figure("products", "To order", "Products of a store that should be ordered today.", len(ordered), Kind.COUNT),
        Figure(
            "cost", "Cost", "Of what should be ordered, at average cost, where it is known.", cost, Kind.MONEY, currency
        ),
    ]


def _notes(found: Reorder, stores: int) -> Iterable[str]:
    if stores > STORES_MAX:
        yield f"Only the first {STORES_MAX} of {stores} stores. Choose a store for the others."
    if found.uncounted:
        yield f"Left out, because they were never counted or delivered: {_products(found.uncounted)} that are sold."
    if found.unforecast:
        yield f"By what was sold in the last 28 days, because there is no forecast yet: {_products(found.unforecast)}."


def _products(count: int) -> str:
    return f"{count:,} product{'' if count == 1 else 's'}"


def _hints(scope: Scope, found: Reorder) -> Iterable[Hint]:
    if found.uncounted and not Movement.objects.filter(store__in=scope.store_ids).exists():
        yield NO_COUNT
    if not Supplier.objects.filter(retailer=scope.retailer_id, is_active=True).exists():
        yield NO_SUPPLIER


def _actions(found: list[Suggestion], stores: dict[int, str]) -> Iterable[Action]:
    """A button for the orders with the most products; `stores` are named where there are several."""
    counts = Counter(
        (one.place[0], one.terms.supplier, one.terms.supplier_name)
        for one in found
        if one.terms.supplier and one.ordered.packs
    )
    for (store, supplier, name), count in counts.most_common(ORDERS_OFFERED_MAX):
        where = f" for {stores[store]}" if store in stores else ""
        yield Action(f"order-form?store={store}&supplier={supplier}", f"Order {count:,} from {name}{where}")


REORDER = Page(
    key="reorder",
    title="Reorder",
    lead="What to order today, how much of it, and why.",
    right=Right.SEE_STOCK,
    read=read_reorder,
    lists=(ListShape("reorder", COLUMNS),),
    asks=ReorderAsking,
)
