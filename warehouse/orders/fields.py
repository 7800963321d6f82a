"""Fields that the forms of orders share, and how a cost is read and written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django import forms

from portal.scope import Scope
from portal.sheets.forms import FormFault
from possys.money import minor_digits
from warehouse.stock.faults import StockFault
from warehouse.stock.models import COST_SCALE
from warehouse.stock.naming import NAME_LENGTH_MAX
from warehouse.stock.rows import in_parts, products_of

NO_CURRENCY = "A cost needs a currency: it is known as soon as the tills have sold something."


class ReadOnlyName(forms.CharField):
    """A product's name beside its key, for people; what is sent back is not read."""

    def __init__(self) -> None:
        widget = forms.TextInput({"readonly": "readonly", "tabindex": "-1"})
        super().__init__(label="Name", required=False, max_length=NAME_LENGTH_MAX, widget=widget)


class OrderNumberField(forms.IntegerField):
    """Which order; the address says it."""

    def __init__(self) -> None:
        super().__init__(
            label="Order",
            min_value=1,
            max_value=2**63 - 1,
            widget=forms.HiddenInput,
            error_messages={"required": "Choose an order on the page Orders first."},
        )


def costs_of(rows: Sequence[Mapping[str, Any]], currency: str) -> list[int | None]:
    """What a unit costs by each row, in ten-thousandths of a minor unit. Raises FormFault without a currency."""
    if not currency:
        given = [number for number, row in enumerate(rows) if row["unit_cost"] is not None]
        if given:
            raise FormFault({f"rows.{number}.unit_cost": NO_CURRENCY for number in given})
    return [in_parts(row["unit_cost"], currency) for row in rows]


def products_meant(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The product of each row. Raises FormFault for what nobody knows; the names beside them are not read."""
    return products_of(scope, [{"product": row["product"]} for row in rows])


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
