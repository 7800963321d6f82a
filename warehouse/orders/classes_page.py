"""The pages of classes: three by three with counts, revenue and stock, and the products of one."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row, share
from warehouse.demand.classes import ABC, DAYS, WEEKS_MIN, XYZ
from warehouse.demand.classing import WHOLE
from warehouse.orders.classes_queries import ClassCell, ClassedProduct, cells, classes_of, products, stock_of
from warehouse.orders.paging import read_offset
from warehouse.stock.currency import stock_currency
from warehouse.stock.naming import told

# Stores whose stock is worked out live for one page.
STORES_VALUED_MAX = 20
PERCENT = 100
EVENNESS = ("X: evenly sold", "Y: unevenly", "Z: seldom")
CELLS_COLUMNS = (
    Column("class", "Class", Kind.TEXT),
    Column("means", "Means", Kind.TEXT),
    Column("products", "Products", Kind.COUNT),
    Column("products_share", "Of the products", Kind.PERCENT),
    Column("revenue", "Net revenue", Kind.MONEY),
    Column("revenue_share", "Of the revenue", Kind.PERCENT),
    Column("stock_value", "Stock value", Kind.MONEY),
    Column("stock_share", "Of the stock", Kind.PERCENT),
)
MATRIX_COLUMNS = (
    Column("class", "Class", Kind.TEXT),
    *(Column(letter.lower(), title, Kind.PERCENT) for letter, title in zip(XYZ, EVENNESS, strict=True)),
    Column("all", "All", Kind.PERCENT),
)
PRODUCTS_COLUMNS = (
    Column("product", "Product", Kind.TEXT),
    Column("class", "Class", Kind.TEXT),
    Column("revenue", "Net revenue", Kind.MONEY),
    Column("variation", "Variation of weeks", Kind.PERCENT),
    Column("on_hand", "On hand", Kind.QUANTITY),
    Column("stock_value", "Stock value", Kind.MONEY),
    Column("number", "Number", Kind.TEXT),
)
DEFINITION = (
    f"Of the last {DAYS} days. A: the products that bring the first 80 % of the net revenue, B: the next 15 %, C: the "
    "rest. X: the quantity of a week differs from their mean by up to a half (coefficient of variation), Y: by up to "
    "the whole of it, Z: by more, or it was sold in too few weeks to say. Stock is what is there now, at average cost."
)
MATRIX_IS = "What part of the net revenue each class brings; the letters are told below."
PRODUCTS_ARE = (
    "The products of the class, the largest revenue first. The variation is the standard deviation of the quantities "
    "of the weeks, in per cent of their mean; it is missing where too few weeks are known."
)
BRINGS = {"A": "brings much", "B": "brings something", "C": "brings little"}
SOLD = {"X": "evenly sold", "Y": "unevenly", "Z": "seldom or not to be foreseen"}
NONE_YET = "No classes were counted yet."
NOT_YET = Hint(
    "Classes are counted every night from what was sold in the last three months. There are none yet: look again "
    "tomorrow, when the tills have sent their first day.",
    "reorder",
    "What to order",
)


class ClassesAsking(StoreAsking):
    """The whole retailer, for those who see all of it, or one store."""

    def first_choices(self) -> list[tuple[str, str]]:
        """The whole, where it may be seen: it holds what all stores sold."""
        return [("", "All stores together")] if self.scope.sees_all_stores else []

    def defaults(self) -> dict[str, Any]:
        """Whoever sees some stores only begins with the first of them."""
        alone = not self.scope.sees_all_stores and self.scope.stores
        return {**super().defaults(), **({"store": self.scope.stores[0].id} if alone else {})}

    def clean(self) -> dict[str, Any]:
        """Adds `counted`, the store of ProductClass."""
        found = super().clean()
        if not found.get("store") and not self.scope.sees_all_stores:
            raise Http404
        found["counted"] = found.get("store") or WHOLE
        return found

    def clean_after(self) -> int:
        """Where the list goes on."""
        return read_offset(self.cleaned_data["after"])


class ClassAsking(ClassesAsking):
    """Products of a class, or of a whole row or column of them."""

    abc = forms.ChoiceField(label="Revenue", required=False, choices=[("", "Any"), *((one, one) for one in ABC)])
    xyz = forms.ChoiceField(label="Evenness", required=False, choices=[("", "Any"), *((one, one) for one in XYZ)])


def read_classes(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Seven queries."""
    counted = {one.abc + one.xyz: one for one in cells(scope.retailer_id, asked["counted"])}
    currency = next(iter(counted.values())).currency if counted else ""
    stock = _stock_values(scope, asked) if counted and currency == stock_currency(scope.retailer_id) else None
    letters = [first + second for first in ABC for second in XYZ]
    matrix = Panel(
        key="matrix",
        title="Of the revenue",
        definition=MATRIX_IS,
        columns=MATRIX_COLUMNS,
        rows=[_matrix_row(one, counted) for one in ABC] if counted else [],
        links=[f"class?abc={one}{_store(asked)}" for one in ABC] if counted else None,
        empty=NONE_YET,
    )
    panel = Panel(
        key="classes",
        title="Classes",
        definition=DEFINITION,
        columns=CELLS_COLUMNS,
        rows=[_cell_row(one, counted, stock) for one in letters] if counted else [],
        currency=currency,
        links=[f"class?abc={one[0]}&xyz={one[1]}{_store(asked)}" for one in letters] if counted else None,
        empty=NONE_YET,
    )
    return Contents(
        panels=[matrix, panel],
        figures=_figures(list(counted.values()), currency),
        notes=tuple(_notes(list(counted.values()), asked, stock)),
        hints=() if counted else (NOT_YET,),
    )


def read_class(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Seven queries, whatever is in the class."""
    limit, offset = asked["limit"], asked["after"]
    stores = asked["stores"][:STORES_VALUED_MAX]
    found = products(
        scope.retailer_id, asked["counted"], of=(asked["abc"], asked["xyz"]), stores=stores, part=(offset, limit + 1)
    )
    shown = found[:limit]
    valued_in = stock_currency(scope.retailer_id)
    panel = Panel(
        key="class",
        title="Products",
        definition=PRODUCTS_ARE,
        columns=PRODUCTS_COLUMNS,
        rows=[_product_row(one, valued_in) for one in shown],
        links=[f"product?product={one.product}{_store(asked)}" for one in shown],
        currency=shown[0].currency if shown else valued_in,
        empty="No product is of this class.",
    )
    return Contents(
        title=f"Class {asked['abc']}{asked['xyz']}" if asked["abc"] or asked["xyz"] else "All classes",
        panels=[panel],
        after=str(offset + limit) if len(found) > limit else "",
        notes=(_first_stores(asked),) if len(asked["stores"]) > STORES_VALUED_MAX else (),
    )


def _stock_values(scope: Scope, asked: dict[str, Any]) -> dict[str, int] | None:
    """The value of what is there, by class; None of more stores than can be worked out at once."""
    if len(asked["stores"]) > STORES_VALUED_MAX:
        return None
    of = classes_of(scope.retailer_id, asked["counted"])
    found: dict[str, int] = defaultdict(int)
    for product, stock in stock_of(scope.retailer_id, asked["stores"]).items():
        # What was not sold in these days has no class.
        if product in of:
            found[of[product]] += stock.value or 0
    return found


def _matrix_row(letter: str, counted: dict[str, ClassCell]) -> Row:
    own = [counted[letter + second].revenue if letter + second in counted else 0 for second in XYZ]
    whole = sum(one.revenue for one in counted.values())
    return f"{letter}: {BRINGS[letter]}", *(share(one, whole) for one in own), share(sum(own), whole)


def _cell_row(letters: str, counted: dict[str, ClassCell], stock: dict[str, int] | None) -> Row:
    one = counted.get(letters)
    count, revenue = (one.products, one.revenue) if one else (0, 0)
    means = f"{BRINGS[letters[0]]}, {SOLD[letters[1]]}"
    whole_count, whole_revenue = (sum(column) for column in zip(*(cell[3:5] for cell in counted.values()), strict=True))
    there = stock.get(letters, 0) if stock is not None else None
    of_stock = share(there, sum(stock.values())) if stock is not None and there is not None else None
    counts = (count, share(count, whole_count), revenue, share(revenue, whole_revenue))
    return letters, means, *counts, there, of_stock


def _product_row(one: ClassedProduct, valued_in: str) -> Row:
    variation = None if one.variation is None else round(one.variation * PERCENT * PERCENT)
    # A list has one currency, the revenue's.
    there = one.value if one.currency == valued_in else None
    return one.name.name, one.abc + one.xyz, one.revenue, variation, one.on_hand, there, told(one.name.key)


def _figures(counted: list[ClassCell], currency: str) -> list[Figure]:
    count, revenue = sum(one.products for one in counted), sum(one.revenue for one in counted)
    return [
        Figure("products", "Products", f"Sold in the last {DAYS} days.", count, Kind.COUNT, link="class"),
        Figure("revenue", "Net revenue", "Of these products, without tax.", revenue, Kind.MONEY, currency),
    ]


def _notes(counted: list[ClassCell], asked: dict[str, Any], stock: dict[str, int] | None) -> list[str]:
    notes = [f"Counted on {max(one.counted_on for one in counted):%-d %B %Y}."] if counted else []
    unsteady = sum(one.unsteady for one in counted)
    if unsteady:
        count = f"{unsteady:,} product{'' if unsteady == 1 else 's'}"
        notes.append(f"Z because fewer than {WEEKS_MIN} weeks are known since they were first sold: {count}.")
    if counted and stock is None:
        notes.append(
            f"Stock is valued for up to {STORES_VALUED_MAX} stores at once, and in the currency of the revenue only."
        )
    return notes


def _first_stores(asked: dict[str, Any]) -> str:
    return f"On hand is that of the first {STORES_VALUED_MAX} of {len(asked['stores'])} stores. Choose one."


def _store(asked: dict[str, Any]) -> str:
    return f"&store={asked['store']}" if asked.get("store") else ""


CLASSES = Page(
    key="classes",
    title="Classes",
    lead="What brings the revenue, and what is sold evenly enough to be planned.",
    right=Right.SEE_STOCK,
    read=read_classes,
    lists=(ListShape("matrix", MATRIX_COLUMNS), ListShape("classes", CELLS_COLUMNS)),
    asks=ClassesAsking,
)
CLASS = Page(
    key="class",
    title="Class",
    lead="The products of a class.",
    right=Right.SEE_STOCK,
    read=read_class,
    lists=(ListShape("class", PRODUCTS_COLUMNS),),
    asks=ClassAsking,
    tab="classes",
)
