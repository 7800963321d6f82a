"""The forms of what a retailer says of suppliers and of products."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import QuantityField
from portal.sheets.forms import FormFault, FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User
from warehouse.stock.documents import LINES_MAX
from warehouse.stock.faults import StockFault
from warehouse.stock.forms import SupplierField
from warehouse.stock.items import know, save_items, save_supplier
from warehouse.stock.models import Item, Supplier
from warehouse.stock.naming import NAME_LENGTH_MAX, Known, meant
from warehouse.stock.rows import ProductField, products_of

# Of a year's horizon there is nothing to plan.
DAYS_MAX = 365
# One of an item's columns that may be left as they are.
COLUMNS = ("pack", "order_minimum", "shelf_minimum", "lead_days")


class SupplierForm(ServiceForm):
    """Who delivers, and how fast."""

    supplier = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput, help_text="Empty: a new one."
    )
    name = forms.CharField(label="Name", max_length=NAME_LENGTH_MAX)
    email = forms.EmailField(label="E-mail address", required=False, max_length=254)
    lead_days = forms.IntegerField(
        label="Lead time", initial=2, min_value=0, max_value=DAYS_MAX, help_text="Days from the order to the delivery."
    )
    review_days = forms.IntegerField(
        label="Order every", initial=7, min_value=1, max_value=DAYS_MAX, help_text="Days from one order to the next."
    )
    is_active = forms.BooleanField(label="In use", required=False, initial=True)


class ItemForm(ServiceForm):
    """All that is said of one product."""

    product = ProductField()
    supplier = SupplierField(required=False)
    pack = QuantityField(
        label="Pack", min_value=Decimal("0.0001"), help_text="Units in a pack; orders are in whole packs."
    )
    order_minimum = QuantityField(label="Least order", required=False, help_text="Units.")
    shelf_minimum = QuantityField(label="Minimum", required=False, help_text="What should always be there, in units.")
    lead_days = forms.IntegerField(
        label="Lead time", required=False, min_value=0, max_value=DAYS_MAX, help_text="Days; else the supplier's."
    )
    is_tracked = forms.BooleanField(
        label="Stock is kept of it", required=False, help_text="Not of services, deposits and the like."
    )

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        own: Any = self.fields["supplier"]
        own.choices = [("", "None"), *Supplier.objects.filter(retailer=scope.retailer_id).values_list("id", "name")]


class ManyForm(ServiceForm):
    """Nothing is said of all of them."""


class ItemRow(RowForm):
    """What changes of a product; an empty cell leaves what was there."""

    product = ProductField()
    name = forms.CharField(label="Name, if new", required=False, max_length=NAME_LENGTH_MAX)
    supplier = forms.CharField(label="Supplier", required=False, max_length=NAME_LENGTH_MAX)
    pack = QuantityField(label="Pack", required=False, min_value=Decimal("0.0001"))
    order_minimum = QuantityField(label="Least order", required=False)
    shelf_minimum = QuantityField(label="Minimum", required=False)
    lead_days = forms.IntegerField(label="Lead time", required=False, min_value=0, max_value=DAYS_MAX)
    tracked = forms.ChoiceField(label="Stock is kept", required=False, choices=[("", ""), ("yes", "yes"), ("no", "no")])


def save_supplier_form(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds or changes a supplier."""
    values = {name: value for name, value in asked.items() if name != "supplier"}
    try:
        made = save_supplier(scope.retailer_id, asked["supplier"], values)
    except StockFault as fault:
        raise FormFault(fault.faults) from fault
    return Saved(f"{made.name} is saved.", made.pk, "suppliers")


def save_item_form(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Says everything of one product."""
    known = meant(scope.retailer_id, [asked["product"]])[asked["product"]]
    if not isinstance(known, Known):
        raise FormFault({"product": "There is no such product, or more than one of this name."})
    values = {name: asked[name] or 0 for name in ("order_minimum", "shelf_minimum")}
    values |= {name: asked[name] for name in ("pack", "lead_days", "is_tracked")}
    with transaction.atomic():
        know(scope.retailer_id, [known.product])
        save_items(scope.retailer_id, {known.product: {**values, "supplier_id": asked["supplier"]}})
    return Saved(f"{known.name} is saved.", None, "items")


def save_many(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Says something of many products: all rows or none."""
    rows = asked["rows"]
    suppliers = {
        name.lower(): number
        for number, name in Supplier.objects.filter(retailer=scope.retailer_id).values_list("id", "name")
    }
    faults = {
        f"rows.{number}.supplier": f"There is no supplier “{row['supplier']}”. Add it first."
        for number, row in enumerate(rows)
        if row["supplier"] and row["supplier"].lower() not in suppliers
    }
    if faults:
        raise FormFault(faults)
    with transaction.atomic():
        products = products_of(scope, rows)
        know(scope.retailer_id, products)
        changes = [_changes(row, suppliers) for row in rows]
        save_items(scope.retailer_id, dict(zip(products, changes, strict=True)))
    return Saved(f"{len(set(products)):,} products are saved.", None, "items")


def supplier_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What is known of the supplier that the address names."""
    number = query.get("supplier", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return {}
    found = Supplier.objects.filter(retailer=scope.retailer_id, pk=int(number)).first()
    names = ("name", "email", "lead_days", "review_days", "is_active")
    return {name: getattr(found, name) for name in names} if found else {}


def item_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What is said of the product that the address names."""
    text = query.get("product", "")
    known = meant(scope.retailer_id, [text])[text] if text else None
    if not isinstance(known, Known):
        return {"pack": 10_000, "is_tracked": True}
    item = Item.objects.filter(retailer=scope.retailer_id, product=known.product).first()
    own = item or Item(pack=10_000)
    return {
        "pack": own.pack, "order_minimum": own.order_minimum, "shelf_minimum": own.shelf_minimum,
        "lead_days": own.lead_days, "is_tracked": own.is_tracked, "supplier": own.supplier_id,
    }  # fmt: skip


def _changes(row: dict[str, Any], suppliers: dict[str, int]) -> dict[str, Any]:
    found = {name: row[name] for name in COLUMNS if row[name] is not None}
    if row["supplier"]:
        found["supplier_id"] = suppliers[row["supplier"].lower()]
    if row["tracked"]:
        found["is_tracked"] = row["tracked"] == "yes"
    return found


SUPPLIER = FormPage(
    key="supplier",
    title="Supplier",
    lead="Who delivers, and how long it takes.",
    right=Right.KEEP_STOCK,
    form=SupplierForm,
    save=save_supplier_form,
    back="suppliers",
    initial=supplier_initial,
)
ITEM = FormPage(
    key="item",
    title="Supplier and minimum of a product",
    lead="Of whom it is bought, in what packs, and how little is too little. It holds for all stores.",
    right=Right.KEEP_STOCK,
    form=ItemForm,
    save=save_item_form,
    back="items",
    initial=item_initial,
)
MANY_ITEMS = FormPage(
    key="many-items",
    title="Suppliers and minima of many products",
    lead="A row a product; what is left empty stays as it is.",
    right=Right.KEEP_STOCK,
    form=ManyForm,
    rows=ItemRow,
    rows_max=LINES_MAX,
    save=save_many,
    back="items",
)
FORMS = (SUPPLIER, ITEM, MANY_ITEMS)
