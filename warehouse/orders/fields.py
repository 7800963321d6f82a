"""Fields that the forms of orders share, and how a cost is read and written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.sheets.forms import FormFault
from possys.money import minor_digits
from warehouse.stock.faults import StockFault
from warehouse.stock.models import COST_SCALE
from warehouse.stock.naming import KEY_LENGTH_MAX, NAME_LENGTH_MAX, Ambiguous, Known, meant


class ProductField(forms.CharField):
    """What names a product."""

    def __init__(self) -> None:
        super().__init__(
            label="Product",
            max_length=KEY_LENGTH_MAX,
            help_text="Its number at the till, its GTIN, or its exact name.",
        )


class ReadOnlyName(forms.CharField):
    """A product's name beside its key, for people; what is sent back is not read."""

    def __init__(self) -> None:
        widget = forms.TextInput({"readonly": "readonly", "tabindex": "-1"})
        super().__init__(label="Name", required=False, max_length=NAME_LENGTH_MAX, widget=widget)


class OrderNumberField(forms.IntegerField):
    """Which order; the address says it."""

    def __init__(self) -> None:
        super().__init__(label="Order", min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


def cost_read(amount: Decimal | None, currency: str) -> int | None:
    """Ten-thousandths of a minor unit, of a cost in major units. Raises ValidationError without a currency."""
    if amount is None:
        return None
    if not currency:
        raise ValidationError("A cost needs a currency: it is known as soon as the tills have sold something.")
    return int(amount.scaleb(minor_digits(currency)) * COST_SCALE)


def cost_written(cost: int | None, currency: str) -> str:
    """A cost in major units, as a field holds it."""
    if cost is None or not currency:
        return ""
    text = f"{Decimal(cost).scaleb(-minor_digits(currency)) / COST_SCALE:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@contextmanager
def faults_shown(rows: Sequence[int] = ()) -> Iterator[None]:
    """What the domain refuses stands in the form; `rows` are the numbers there of what the domain got."""
    try:
        yield
    except StockFault as fault:
        raise FormFault({_placed(name, rows): text for name, text in fault.faults.items()}) from fault


def _placed(name: str, rows: Sequence[int]) -> str:
    """`rows.2.quantity` of the domain, as the form counts."""
    head, _, rest = name.partition(".")
    number, _, field = rest.partition(".")
    return f"rows.{rows[int(number)]}.{field}" if head == "rows" and field and rows else name


def products_meant(retailer_id: int, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The product of each row. Raises FormFault for every row whose product is not known, or not the only one."""
    found = meant(retailer_id, [row["product"] for row in rows])
    known = [found[row["product"]] for row in rows]
    faults = {f"rows.{number}.product": _unclear(one) for number, one in enumerate(known) if not isinstance(one, Known)}
    if faults:
        raise FormFault(faults)
    return [one.product for one in known if isinstance(one, Known)]


def _unclear(one: Known | Ambiguous | None) -> str:
    if isinstance(one, Ambiguous):
        return f"{one.count} products are called so: write the number of the one that you mean."
    return "There is no such product. It is known when it was sold once, or entered as an item."
