"""The pages of movements: the list, and one document."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404

from portal.queries import called as person
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import Asking, PeriodAsking, StoreAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel, Row
from warehouse.stock.currency import stock_currency
from warehouse.stock.documents import LINES_MAX, POSITION_MAX
from warehouse.stock.forms import document_of
from warehouse.stock.level_pages import unit_cost
from warehouse.stock.models import Document
from warehouse.stock.movement_lists import Moved, Place, movements
from warehouse.stock.naming import Known, called, names_of

COLUMNS = (
    Column("day", "Day", Kind.DATE),
    Column("kind", "What", Kind.TEXT),
    Column("product", "Product", Kind.TEXT),
    Column("quantity", "Quantity", Kind.QUANTITY),
    Column("unit_cost", "Cost of one", Kind.MONEY),
    Column("store", "Store", Kind.TEXT),
    Column("about", "About", Kind.TEXT),
    Column("lot", "Lot", Kind.TEXT),
    Column("expires_on", "Expires on", Kind.DATE),
    Column("document", "Document", Kind.TEXT),
)
DEFINITION = (
    "What came in is positive, what went out negative; a count says what was there. What was taken back, and "
    "what takes something back, is named so and counts for nothing."
)
KINDS = dict(Document.Kind.choices)
REASONS = dict(Document.Reason.choices)
MOMENTS = dict(Document.Moment.choices)
NOTHING = Hint("Nothing was counted or delivered yet.", "count", "Count")
PRODUCT_MAX = 2**53 - 1
DOCUMENT_MAX = 2**63 - 1


class MovementsAsking(PeriodAsking, StoreAsking):
    """Days, stores, a kind, and from a product's page one product."""

    kind = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *Document.Kind.choices])
    product = forms.IntegerField(required=False, min_value=1, max_value=PRODUCT_MAX, widget=forms.HiddenInput)
    field_order = ("first", "last", "store", "kind")

    def clean_after(self) -> Place | None:
        """Where the list goes on."""
        document, _, position = self.cleaned_data["after"].partition("_")
        if not document:
            return None
        try:
            return Place(min(int(document), DOCUMENT_MAX), min(int(position), POSITION_MAX))
        except ValueError as fault:
            raise forms.ValidationError("This is no place in the list.") from fault


class DocumentAsking(Asking):
    """One document."""

    id = forms.IntegerField(min_value=1, max_value=DOCUMENT_MAX, widget=forms.HiddenInput)


def read_movements(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Three queries."""
    limit = asked["limit"]
    found = movements(
        scope.retailer_id,
        asked["stores"],
        limit + 1,
        after=asked["after"],
        first=asked["first"],
        last=asked["last"],
        kind=asked["kind"] or None,
        product=asked["product"],
    )
    shown = found[:limit]
    is_empty = not found and not asked["kind"] and not asked["product"] and asked["after"] is None
    return Contents(
        panels=[movements_panel(scope, shown)],
        hints=(NOTHING,) if is_empty else (),
        after=f"{shown[-1].document}_{shown[-1].position}" if len(found) > limit else "",
    )


def read_document(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One document, as far as it concerns the person's stores."""
    document = document_of(scope, asked["id"])
    if document is None:
        raise Http404
    rows = movements(scope.retailer_id, scope.store_ids, 2 * LINES_MAX, document=document.pk)
    taken_back = Document.objects.filter(reverses=document).values_list("id", flat=True).first()
    notes = [f"Entered by {person(document.made_by)} on {document.made_at:%-d %B %Y}."]
    if document.note:
        notes.append(f"Note: {document.note}")
    if taken_back:
        notes.append(f"Taken back by document {taken_back}.")
    if document.reverses_id:
        notes.append(f"Takes document {document.reverses_id} back.")
    can_go = not taken_back and document.kind != Document.Kind.REVERSAL
    return Contents(
        title=f"{KINDS[document.kind]} {document.pk}",
        panels=[movements_panel(scope, rows)],
        notes=tuple(notes),
        actions=(Action(f"reverse?document={document.pk}", "Take it back"),) if can_go else (),
    )


def movements_panel(scope: Scope, found: list[Moved], *, key: str = "movements", title: str = "Movements") -> Panel:
    """Rows with the names of products and stores: two queries."""
    names = names_of(scope.retailer_id, {one.product for one in found})
    stores = {store.id: store.name for store in scope.stores}
    return Panel(
        key=key,
        title=title,
        definition=DEFINITION,
        columns=COLUMNS,
        rows=[_row(one, names, stores) for one in found],
        currency=stock_currency(scope.retailer_id),
        links=[f"document?id={one.document}" for one in found],
        empty="Nothing moved in this time.",
    )


def _row(one: Moved, names: dict[int, Known], stores: dict[int, str]) -> Row:
    return (
        one.day,
        KINDS[one.kind] + (", taken back" if one.is_void and one.kind != Document.Kind.REVERSAL else ""),
        called(names.get(one.product), one.product),
        one.quantity,
        unit_cost(one.unit_cost),
        stores.get(one.store, ""),
        _about(one, stores),
        one.lot,
        one.expires_on,
        str(one.document),
    )


def _about(one: Moved, stores: dict[int, str]) -> str:
    """Of whom, why, where to, with what paper."""
    parts = [one.supplier or "", REASONS.get(one.reason, ""), MOMENTS.get(one.moment, "")]
    if one.to_store is not None and one.kind == Document.Kind.MOVE:
        there = one.from_store if one.quantity > 0 else one.to_store
        way = "from" if one.quantity > 0 else "to"
        parts.append(f"{way} {stores.get(there, 'another store')}")
    return ", ".join(part for part in [*parts, one.reference, one.note] if part)


MOVEMENTS = Page(
    key="movements",
    title="Movements",
    lead="Deliveries, counts, moves, write-offs and returns, the newest first.",
    right=Right.SEE_STOCK,
    read=read_movements,
    lists=(ListShape("movements", COLUMNS),),
    asks=MovementsAsking,
    actions=(
        Action("deliver", "Take in a delivery"),
        Action("count", "Count"),
        Action("move", "Move"),
        Action("write-off", "Write off"),
        Action("return", "Return"),
    ),
)
DOCUMENT = Page(
    key="document",
    title="Document",
    lead="One document with its rows.",
    right=Right.SEE_STOCK,
    read=read_document,
    lists=(ListShape("movements", COLUMNS),),
    asks=DocumentAsking,
    tab="movements",
)
