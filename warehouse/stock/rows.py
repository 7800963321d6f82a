"""Rows of stock's forms: which product each means, and what is made of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from ledger.products import product_id
from portal.scope import Scope
from portal.sheets.fields import CostField, DayField, QuantityField
from portal.sheets.forms import FormFault, RowForm
from possys.money import minor_digits
from warehouse.stock.documents import Line
from warehouse.stock.items import name_items
from warehouse.stock.models import COST_SCALE
from warehouse.stock.naming import KEY_LENGTH_MAX, NAME_LENGTH_MAX, Ambiguous, Known, meant, new_key

LOT_LENGTH_MAX = 40
# Cells that a spreadsheet would take for a formula stand behind a mark.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
MARK = "'"
PRODUCT = "Its number at the till, GTIN or name."


class ProductField(forms.CharField):
    """A product as people name it (warehouse.stock.naming)."""

    def __init__(self) -> None:
        super().__init__(label="Product", max_length=KEY_LENGTH_MAX, help_text=PRODUCT)

    def clean(self, value: Any) -> Any:
        """The text, without the mark that our own lists put before it."""
        found = super().clean(value)
        return found[1:] if found[:1] == MARK and found[1:].startswith(FORMULAS) else found


class ProductRow(RowForm):
    """A product, and how many or how much of it."""

    product = ProductField()
    quantity = QuantityField(label="Quantity", min_value=Decimal("0.0001"))


class LotRow(ProductRow):
    """The same of a lot, where lots are kept."""

    lot = forms.CharField(label="Lot", required=False, max_length=LOT_LENGTH_MAX)
    expires_on = DayField(label="Expires on", required=False)


class DeliveryRow(RowForm):
    """What came in. `name` is for a product that was never sold."""

    product = ProductField()
    quantity = QuantityField(label="Quantity", min_value=Decimal("0.0001"))
    unit_cost = CostField(label="Cost of one", required=False)
    lot = forms.CharField(label="Lot", required=False, max_length=LOT_LENGTH_MAX)
    expires_on = DayField(label="Expires on", required=False)
    name = forms.CharField(label="Name, if new", required=False, max_length=NAME_LENGTH_MAX)


class CountRow(DeliveryRow):
    """What was there. Rows without a quantity were not counted and say nothing, so that a list can be filled in."""

    quantity = QuantityField(label="Quantity", required=False)


def lines_of(scope: Scope, rows: Sequence[dict[str, Any]], currency: str) -> list[Line]:
    """The lines of a document. Raises FormFault for products that nobody knows, row by row.

    Products that a row names are made known; the caller's DB transaction is around it.
    """
    products = products_of(scope, rows)
    return [
        Line(
            product,
            row["quantity"],
            in_parts(row.get("unit_cost"), currency),
            row.get("lot", ""),
            row.get("expires_on"),
        )
        for product, row in zip(products, rows, strict=True)
    ]


def products_of(scope: Scope, rows: Sequence[dict[str, Any]]) -> list[int]:
    """The product of each row. Raises FormFault."""
    found = meant(scope.retailer_id, [row["product"] for row in rows])
    made, fresh, faults = [], dict[int, tuple[str, str]](), dict[str, str]()
    for number, row in enumerate(rows):
        known, name = found[row["product"]], row.get("name", "")
        if isinstance(known, Known):
            made.append(known.product)
        elif known is None and name:
            try:
                key = new_key(row["product"])
            except ValueError as fault:
                faults[f"rows.{number}.product"] = str(fault)
                continue
            made.append(product_id(scope.retailer_id, key))
            fresh[made[-1]] = key, name
        else:
            faults[f"rows.{number}.product"] = _unknown(row["product"], known, can_name="name" in row)
    if faults:
        raise FormFault(faults)
    if fresh:
        name_items(scope.retailer_id, fresh)
    return made


def in_parts(amount: Decimal | None, currency: str) -> int | None:
    """A cost in ten-thousandths of a minor unit; what is finer than that is rounded away."""
    if amount is None:
        return None
    # Without a currency, documents.write refuses the cost; two digits let it get there.
    return int((amount.scaleb(minor_digits(currency)) * COST_SCALE).to_integral_value())


def _unknown(text: str, known: Ambiguous | None, *, can_name: bool) -> str:
    if known is not None:
        return f"“{text}” is the name of {known.products} products. Enter its number at the till instead."
    more = " If it is new, enter its number and its name." if can_name else ""
    return f"“{text}” is no product that was sold or entered.{more}"
