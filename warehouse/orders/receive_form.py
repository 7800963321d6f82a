"""The forms for what came of an order, and for saying that nothing more comes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import CostField, DayField, QuantityField
from portal.sheets.forms import FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User
from warehouse.orders import queries
from warehouse.orders.fields import (
    OrderNumberField,
    ReadOnlyName,
    cost_written,
    costs_of,
    faults_shown,
    products_meant,
)
from warehouse.orders.models import Order
from warehouse.orders.names import product_names
from warehouse.orders.operations import LINES_MAX, By, Delivery, cancel, receive
from warehouse.stock.currency import stock_currency
from warehouse.stock.documents import Line as Came
from warehouse.stock.forms import REFERENCE_LENGTH_MAX
from warehouse.stock.naming import told
from warehouse.stock.rows import LOT_LENGTH_MAX, ProductField


class ReceiveForm(ServiceForm):
    """Of which order, when, and whether that is all."""

    order = OrderNumberField()
    seen = QuantityField(required=False, widget=forms.HiddenInput)
    day = DayField(label="Came on")
    reference = forms.CharField(
        label="Delivery note", required=False, max_length=REFERENCE_LENGTH_MAX, help_text="The number on the paper."
    )
    is_complete = forms.BooleanField(
        label="Nothing more comes of this order",
        required=False,
        help_text="It is over then, whatever is missing. An order of which everything came is over by itself.",
    )

    def clean_day(self) -> Any:
        """Nothing comes tomorrow."""
        day = self.cleaned_data["day"]
        if day > self.now.date():
            raise ValidationError("This day is still to come.")
        return day


class ReceiveRow(RowForm):
    """One product as it was unpacked; of two lots, two rows."""

    product = ProductField()
    name = ReadOnlyName()
    quantity = QuantityField(label="Quantity", required=False, help_text="What came. Empty: nothing of it came.")
    unit_cost = CostField(label="Cost of a unit", required=False)
    lot = forms.CharField(label="Lot", required=False, max_length=LOT_LENGTH_MAX)
    expires_on = DayField(label="Use by", required=False)


class CancelForm(ServiceForm):
    """Of which order nothing more comes."""

    order = OrderNumberField()


def initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What is still to come, as if it came today."""
    order = _named(scope, query)
    if order is None:
        return {"day": now.date()}
    lines = list(order.lines.all())
    names = product_names(scope.retailer_id, {line.product for line in lines})
    currency = stock_currency(scope.retailer_id)
    rows = [
        {
            "product": told((name := names[line.product]).key),
            "name": name.name,
            "quantity": line.quantity - line.received,
            "unit_cost": cost_written(line.unit_cost, currency),
        }
        for line in lines
        if line.received < line.quantity
    ]
    return {"day": now.date(), "seen": sum(line.received for line in lines), "rows": rows}


def save_delivery(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Takes what came into stock."""
    delivery = Delivery(
        came=_came(scope, asked["rows"]),
        day=asked["day"],
        reference=asked["reference"],
        is_complete=asked["is_complete"],
        seen=asked["seen"],
    )
    with faults_shown([number for number, row in enumerate(asked["rows"]) if row["quantity"]]):
        found = receive(asked["order"], delivery, stores=scope.store_ids, by=By(user, now))
    came = f"{len(delivery.came):,} row{'' if len(delivery.came) == 1 else 's'} came into stock"
    state = "more is still to come" if found.order.state == Order.State.SENT else "the order is over"
    return Saved(f"Saved: {came}, and {state}.", found.order.pk, f"order?id={found.order.pk}")


def save_cancelled(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Ends the order."""
    with faults_shown():
        order = cancel(asked["order"], stores=scope.store_ids, now=now)
    return Saved(f"Order {order.pk} is over: {order.get_state_display().lower()}.", order.pk, f"order?id={order.pk}")


def about(scope: Scope, given: Mapping[str, Any]) -> str:
    """Which order it is."""
    order = _named(scope, given)
    if order is None:
        return ""
    return f"Order {order.pk} of {order.sent_on:%-d %B %Y}: {order.supplier.name} to {order.store.name}"


def _named(scope: Scope, query: Mapping[str, Any]) -> Order | None:
    number = str(query.get("order", ""))
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return queries.order(int(number), scope.store_ids)


def _came(scope: Scope, rows: list[dict[str, Any]]) -> list[Came]:
    """The rows of which something came. Raises FormFault for those whose product or cost cannot be read."""
    found = zip(products_meant(scope, rows), costs_of(rows, stock_currency(scope.retailer_id)), rows, strict=True)
    return [
        Came(product, row["quantity"], cost, row["lot"], row["expires_on"])
        for product, cost, row in found
        if row["quantity"]
    ]


RECEIVE = FormPage(
    key="receive",
    title="Receive an order",
    lead="What was unpacked. It is in stock as soon as it is saved; what is missing stays on order.",
    right=Right.KEEP_STOCK,
    form=ReceiveForm,
    rows=ReceiveRow,
    rows_max=LINES_MAX,
    rows_required=False,
    save=save_delivery,
    back="orders",
    initial=initial,
    about=about,
    button="Into stock",
)
CANCEL = FormPage(
    key="cancel-order",
    title="Nothing more comes",
    lead="The rest of the order is not on order any more. What came of it stays in stock.",
    right=Right.KEEP_STOCK,
    form=CancelForm,
    save=save_cancelled,
    back="orders",
    about=about,
    button="Nothing more comes",
)
