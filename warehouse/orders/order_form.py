"""The form for a new order; from the page Reorder it comes filled in with what is suggested."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import CostField, DayField, QuantityField, ScopeStoreField
from portal.sheets.forms import FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User
from transactions.models import Store
from warehouse.orders.fields import (
    ReadOnlyName,
    cost_written,
    costs_of,
    faults_shown,
    products_meant,
)
from warehouse.orders.operations import LINES_MAX, By, Line, send
from warehouse.orders.reorder import suggestions
from warehouse.stock.currency import stock_currency
from warehouse.stock.forms import SupplierField
from warehouse.stock.models import NOTE_MAX, Supplier
from warehouse.stock.naming import told
from warehouse.stock.rows import ProductField


class OrderForm(ServiceForm):
    """For which store, of whom, and when it should come."""

    store = ScopeStoreField()
    supplier = SupplierField()
    expected_on = DayField(
        label="Expected", required=False, help_text="Empty: by the days that the supplier usually takes."
    )
    note = forms.CharField(label="Note", required=False, max_length=NOTE_MAX, help_text="For the supplier.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = Supplier.objects.filter(retailer=self.scope.retailer_id, is_active=True).values_list("id", "name")
        self.fields["supplier"].choices = [("", "Choose a supplier"), *own]  # type: ignore[attr-defined]


class OrderRow(RowForm):
    """One product."""

    product = ProductField()
    name = ReadOnlyName()
    quantity = QuantityField(label="Quantity", required=False, help_text="Units, not packs. Empty: it is not ordered.")
    unit_cost = CostField(label="Cost of a unit", required=False)


def initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What is suggested for a store and a supplier, if the address names both."""
    store = next((one.id for one in scope.stores if str(one.id) == query.get("store")), None)
    supplier = query.get("supplier", "")
    if store is None or not supplier.isascii() or not supplier.isdigit():
        return {}
    found = suggestions(scope.retailer_id, [store], now.date()).suggestions
    chosen = [one for one in found if one.terms.supplier == int(supplier) and one.ordered.packs]
    currency = stock_currency(scope.retailer_id)
    rows = [
        {
            "product": told(one.name.key),
            "name": one.name.name,
            "quantity": one.ordered.quantity,
            "unit_cost": cost_written(one.unit_cost, currency),
        }
        for one in chosen[:LINES_MAX]
    ]
    expected = max((one.arrives_on for one in chosen), default=None)
    return {"rows": rows, "expected_on": expected}


def save_order(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Writes the order down; sending the file to the supplier is done by people."""
    store = Store.objects.get(pk=asked["store"], retailer=scope.retailer_id)
    supplier = Supplier.objects.get(pk=asked["supplier"], retailer=scope.retailer_id)
    expected_on = asked["expected_on"] or now.date() + timedelta(days=supplier.lead_days)
    lines = _lines(scope, asked["rows"])
    with faults_shown([number for number, row in enumerate(asked["rows"]) if row["quantity"]]):
        order = send(store, supplier, lines, by=By(user, now), expected_on=expected_on, note=asked["note"])
    message = (
        f"Order {order.pk} to {supplier.name} is written down. Send them its file; it is expected on "
        f"{order.expected_on:%A %-d %B %Y}."
    )
    return Saved(message, order.pk, f"order?id={order.pk}")


def _lines(scope: Scope, rows: list[dict[str, Any]]) -> list[Line]:
    """The rows that are ordered. Raises FormFault for those whose product or cost cannot be read."""
    found = zip(products_meant(scope, rows), costs_of(rows, stock_currency(scope.retailer_id)), rows, strict=True)
    return [Line(product, row["quantity"], cost) for product, cost, row in found if row["quantity"]]


ORDER_FORM = FormPage(
    key="order-form",
    title="New order",
    lead="What to order of one supplier for one store. Change the quantities as you like; empty ones are left out.",
    right=Right.KEEP_STOCK,
    form=OrderForm,
    rows=OrderRow,
    rows_max=LINES_MAX,
    save=save_order,
    back="reorder",
    initial=initial,
    button="Order these",
)
