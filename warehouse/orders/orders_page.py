"""The pages of orders: all of them, and one with its lines, which is also the file for the supplier."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.http import Http404

from portal.queries import called
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import Asking, StoreAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from transactions.decimals import QUANTITY_SCALE
from warehouse.orders import queries
from warehouse.orders.models import Order, OrderLine
from warehouse.orders.names import product_names
from warehouse.orders.paging import read_offset
from warehouse.orders.queries import Which, days_late
from warehouse.orders.terms import UNKNOWN, ItemTerms, terms_of
from warehouse.stock.averaging import value
from warehouse.stock.currency import stock_currency
from warehouse.stock.naming import Known, told

WHICH = (
    (Which.OPEN, "Open"),
    (Which.LATE, "Late"),
    (Which.RECEIVED, "Received"),
    (Which.CANCELLED, "Cancelled"),
    (Which.ALL, "All"),
)
ORDERS_COLUMNS = (
    Column("order", "Order", Kind.CODE),
    Column("supplier", "Supplier", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("state", "State", Kind.TEXT),
    Column("sent_on", "Sent", Kind.DATE),
    Column("expected_on", "Expected", Kind.DATE),
    Column("days_late", "Days late", Kind.COUNT),
    Column("products", "Products", Kind.COUNT),
    Column("missing", "Still to come", Kind.COUNT),
    Column("value", "Cost", Kind.MONEY),
    Column("by", "Ordered by", Kind.TEXT),
    Column("note", "Note", Kind.PROSE),
)
LINES_COLUMNS = (
    Column("product", "Product", Kind.TEXT),
    Column("number", "Number", Kind.TEXT),
    Column("gtin", "GTIN", Kind.TEXT),
    Column("quantity", "Ordered", Kind.QUANTITY),
    Column("packs", "Packs", Kind.QUANTITY),
    Column("pack", "Units in a pack", Kind.QUANTITY),
    Column("received", "Received", Kind.QUANTITY),
    Column("missing", "Still to come", Kind.QUANTITY),
    Column("unit_cost", "Cost of a unit", Kind.MONEY),
    Column("cost", "Cost", Kind.MONEY),
)
ORDERS_ARE = (
    "Orders to suppliers, the newest first. An order is late when the day on which it was expected is over. The cost "
    "is what the units cost on average when it was sent, where that was known."
)
LINES_ARE = "What was ordered and what of it came. Packs are as the supplier packs now."
NO_ORDERS = Hint("Nothing was ordered yet. The page Reorder says what to order and why.", "reorder", "What to order")


class OrdersAsking(StoreAsking):
    """Stores, and which orders."""

    which = forms.TypedChoiceField(label="Orders", coerce=Which, choices=WHICH)

    def defaults(self) -> dict[str, Any]:
        """What is still to come."""
        return {**super().defaults(), "which": Which.OPEN.value}

    def clean_after(self) -> int:
        """The order behind which the list goes on; 0 at its beginning."""
        return read_offset(self.cleaned_data["after"])


class OrderAsking(Asking):
    """One order."""

    id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


def read_orders(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Three queries."""
    today, limit = now.date(), asked["limit"]
    found = queries.orders(asked["stores"], asked["which"], today, limit=limit + 1, before=asked["after"] or None)
    shown, rest = found[:limit], found[limit:]
    count = queries.counts(asked["stores"], today)
    panel = Panel(
        key="orders",
        title="Orders",
        definition=ORDERS_ARE,
        columns=ORDERS_COLUMNS,
        rows=[_order_row(one, today) for one in shown],
        currency=stock_currency(scope.retailer_id),
        links=[f"order?id={one.pk}" for one in shown],
        empty="There are no such orders.",
    )
    return Contents(
        panels=[panel],
        figures=[
            Figure("open", "Open", "Orders of which something is still to come.", count.open, Kind.COUNT),
            Figure(
                "late",
                "Late",
                "Open orders that were expected before today.",
                count.late,
                Kind.COUNT,
                link="orders?which=late",
                needs_look=count.late > 0,
            ),
        ],
        hints=() if shown or count.open or asked["which"] is not Which.OPEN else (NO_ORDERS,),
        after=str(shown[-1].pk) if rest else "",
    )


def read_order(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Six queries, whatever was ordered."""
    order = queries.order(asked["id"], scope.store_ids)
    if order is None:
        raise Http404
    lines = list(order.lines.all())
    names = product_names(scope.retailer_id, {line.product for line in lines})
    terms = terms_of(scope.retailer_id, {line.product for line in lines})
    currency = stock_currency(scope.retailer_id)
    panel = Panel(
        key="lines",
        title="Products",
        definition=LINES_ARE,
        columns=LINES_COLUMNS,
        rows=[_line_row(line, names[line.product], terms.get(line.product, UNKNOWN)) for line in lines],
        links=[f"product?product={line.product}&store={order.store_id}" for line in lines],
        currency=currency,
        empty="Nothing was ordered.",
    )
    return Contents(
        title=f"Order {order.pk} to {order.supplier.name}",
        panels=[panel],
        figures=_figures(order, lines, currency, now.date()),
        notes=tuple(_about(order)),
        actions=_actions(order),
    )


def _order_row(one: Any, today: date) -> Row:
    head = (str(one.pk), one.supplier.name, one.store.name, state(one), one.sent_on, one.expected_on)
    missing = one.missing if one.state == Order.State.SENT else None
    return *head, days_late(one, today) or None, one.products, missing, one.value, called(one.made_by), one.note


def _line_row(line: OrderLine, name: Known, terms: ItemTerms) -> Row:
    pack = terms.sizes.pack
    unit_cost = None if line.unit_cost is None else value(QUANTITY_SCALE, line.unit_cost)
    cost = None if line.unit_cost is None else value(line.quantity, line.unit_cost)
    packs = line.quantity * QUANTITY_SCALE // pack
    counts = (line.quantity, packs, pack, line.received, max(line.quantity - line.received, 0))
    return name.name, told(name.key), name.gtin or None, *counts, unit_cost, cost


def state(one: Order) -> str:
    """What is to be said of it, in a word or two."""
    return str(one.get_state_display())


def _figures(order: Order, lines: list[OrderLine], currency: str, today: date) -> list[Figure]:
    cost = sum(value(line.quantity, line.unit_cost) for line in lines if line.unit_cost is not None)
    late = days_late(order, today)
    is_open = order.state == Order.State.SENT
    missing = sum(line.received < line.quantity for line in lines) if is_open else 0
    return [
        Figure("products", "Products", "Lines of the order.", len(lines), Kind.COUNT),
        Figure("missing", "Still to come", "Products of which something is still to come.", missing, Kind.COUNT),
        Figure("cost", "Cost", "At average cost when it was sent, where it was known.", cost, Kind.MONEY, currency),
        Figure("late", "Days late", "Since the day on which it was expected.", late, Kind.COUNT, needs_look=late > 0),
    ]


def _about(order: Order) -> list[str]:
    where = f"{order.get_state_display()}: ordered on {order.sent_on:%-d %B %Y} for {order.store.name}"
    notes = [f"{where} by {called(order.made_by)}, expected on {order.expected_on:%A %-d %B %Y}."]
    if order.ended_at is not None:
        notes.append(f"Over since {order.ended_at:%-d %B %Y}.")
    if order.note:
        notes.append(f"Note: {order.note}")
    return notes


def _actions(order: Order) -> tuple[Action, ...]:
    if order.state != Order.State.SENT:
        return ()
    return (
        Action(f"receive?order={order.pk}", "Receive"),
        Action(f"cancel-order?order={order.pk}", "Nothing more comes"),
    )


ORDERS = Page(
    key="orders",
    title="Orders",
    lead="What was ordered, what is late, and what came.",
    right=Right.SEE_STOCK,
    read=read_orders,
    lists=(ListShape("orders", ORDERS_COLUMNS),),
    asks=OrdersAsking,
    actions=(Action("order-form", "New order"),),
)
ORDER = Page(
    key="order",
    title="Order",
    lead="What was ordered of one supplier. The file is what to send to them.",
    right=Right.SEE_STOCK,
    read=read_order,
    lists=(ListShape("lines", LINES_COLUMNS),),
    asks=OrderAsking,
    tab="orders",
)
