"""A service of the tests: one page with two lists, and a form with rows that keeps what it was given."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import PeriodAsking, StoreAsking
from portal.sheets.fields import QuantityField, ScopeStoreField
from portal.sheets.forms import FormFault, FormPage, RowForm, Saved, ServiceForm
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page, Service
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row
from possys.accounts.models import User

FRUIT = (
    Column("name", "Fruit", Kind.TEXT),
    Column("day", "Day", Kind.DATE),
    Column("amount", "Amount", Kind.MONEY),
    Column("quantity", "Quantity", Kind.QUANTITY),
)
STORES = (Column("store", "Store", Kind.TEXT), Column("count", "Count", Kind.COUNT))
NAMES = [f"fruit {number}" for number in range(500)]
# What was saved, for the tests to look at.
SAVED: list[dict[str, Any]] = []


class FruitAsking(PeriodAsking, StoreAsking):
    """Asked for."""

    ripe = forms.BooleanField(required=False, label="Ripe only")


def read(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    start = int(asked["after"] or 0)
    names = NAMES[start : start + asked["limit"]]
    rows: list[Row] = [(name, date(2026, 11, 1), -1234, 25_000) for name in names]
    end = start + len(names)
    stores: list[Row] = [(str(store), 1) for store in asked["stores"]]
    return Contents(
        figures=[Figure("fruit", "Fruit", "How many.", len(NAMES), Kind.COUNT)],
        panels=[
            Panel("fruit", "Fruit", "What there is.", FRUIT, rows, currency="CZK"),
            Panel("stores", "Stores", "Where.", STORES, stores, Chart.BARS),
        ],
        notes=("A note.",),
        hints=(Hint("Take fruit in.", "take?note=first", "Take in"),),
        after=str(end) if end < len(NAMES) else "",
    )


class TakeForm(ServiceForm):
    """What is taken in."""

    store = ScopeStoreField()
    note = forms.CharField(max_length=20, required=False)


class TakeRow(RowForm):
    """One fruit."""

    product = forms.CharField(max_length=20)
    quantity = QuantityField(min_value=Decimal("0.0001"))


def save(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    for number, row in enumerate(asked["rows"]):
        if row["product"] == "stone":
            raise FormFault({f"rows.{number}.product": "A stone is no fruit."})
    SAVED.append(asked)
    return Saved("Taken in.", len(SAVED), "fruit?ripe=1")


PAGE = Page(
    key="fruit", title="Fruit", lead="All of it.", right=Right.SEE_FIGURES, read=read, asks=FruitAsking,
    lists=(ListShape("fruit", FRUIT), ListShape("stores", STORES)), actions=(Action("take", "Take in"),),
)  # fmt: skip
FORM = FormPage(
    key="take", title="Take in", lead="What came.", right=Right.KEEP_STOCK, form=TakeForm, rows=TakeRow, save=save,
    back="fruit", rows_max=100,
)  # fmt: skip
SERVICE = Service(name="example", title="Example", pages=(PAGE,), forms=(FORM,))
