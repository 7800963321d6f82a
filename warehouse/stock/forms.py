"""The forms that write documents of stock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import DayField, ScopeStoreField
from portal.sheets.forms import FormFault, FormPage, Saved, ServiceForm
from possys.accounts.models import User
from possys.money import CURRENCIES
from warehouse.stock.currency import stock_currency
from warehouse.stock.documents import LINES_MAX, Paper, reverse, write
from warehouse.stock.faults import StockFault
from warehouse.stock.locking import lock_stores
from warehouse.stock.models import NOTE_MAX, Document, Supplier
from warehouse.stock.rows import CountRow, DeliveryRow, LotRow, lines_of

Kind = Document.Kind
REFERENCE_LENGTH_MAX = 60
NO_QUANTITY = "No row has a quantity: enter what was there, 0 included."


class SupplierField(forms.TypedChoiceField):
    """One of the retailer's suppliers that are in use."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **{"label": "Supplier", **options})


class DocumentForm(ServiceForm):
    """What stands at the head of every document."""

    store = ScopeStoreField()
    day = DayField(label="Day", help_text="On which it happened.")
    note = forms.CharField(label="Note", required=False, max_length=NOTE_MAX)

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        own: Any = self.fields.get("supplier")
        if own is not None:
            found = Supplier.objects.filter(retailer=scope.retailer_id, is_active=True)
            own.choices = [("", "Choose a supplier"), *found.values_list("id", "name")]

    def clean_currency(self) -> str:
        """Three letters of ISO 4217, or nothing."""
        found: str = self.cleaned_data["currency"].upper()
        if found and found not in CURRENCIES:
            raise forms.ValidationError("Enter the three letters of a currency, such as EUR.")
        return found


class CostForm(DocumentForm):
    """A document with costs."""

    currency = forms.CharField(
        label="Currency",
        required=False,
        max_length=3,
        help_text="Of the costs, without tax. It stays the one in which all stock is valued.",
    )


class DeliveryForm(CostForm):
    """Goods that came."""

    supplier = SupplierField(required=False)
    reference = forms.CharField(
        label="Delivery note",
        max_length=REFERENCE_LENGTH_MAX,
        help_text="The number on the paper; so the same delivery is not entered twice.",
    )
    field_order = ("store", "supplier", "reference", "day", "currency", "note")


class CountForm(CostForm):
    """What is there."""

    moment = forms.ChoiceField(
        label="Counted",
        choices=Document.Moment.choices,
        help_text="Before opening: that day's deliveries and sales come after it. After closing: they are in it.",
    )
    is_whole = forms.BooleanField(
        label="Nothing else is there",
        required=False,
        help_text="For the last part of a whole store's count: every product that is in no part of it becomes 0.",
    )
    field_order = ("store", "day", "moment", "currency", "is_whole", "note")


class MoveForm(DocumentForm):
    """Goods that were carried over."""

    store = ScopeStoreField(label="From")
    to_store = ScopeStoreField(label="To")
    reference = forms.CharField(label="Paper", required=False, max_length=REFERENCE_LENGTH_MAX)
    field_order = ("store", "to_store", "day", "reference", "note")


class WriteOffForm(DocumentForm):
    """Goods that are gone without being sold."""

    reason = forms.ChoiceField(label="Why", choices=Document.Reason.choices)
    field_order = ("store", "day", "reason", "note")


class ReturnForm(DocumentForm):
    """Goods that went back."""

    supplier = SupplierField()
    reference = forms.CharField(label="Paper", required=False, max_length=REFERENCE_LENGTH_MAX)
    field_order = ("store", "supplier", "day", "reference", "note")


class ReversalForm(ServiceForm):
    """Takes a document back."""

    document = forms.IntegerField(label="Document", min_value=1, max_value=2**63 - 1, help_text="Its number.")
    note = forms.CharField(label="Why", required=False, max_length=NOTE_MAX)


def save_document(kind: Document.Kind, scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Writes a document of the rows that have a quantity; faults name the rows as they were sent."""
    head = {name: value for name, value in asked.items() if name != "rows"}
    currency = stock_currency(scope.retailer_id) or head.get("currency", "")
    paper = Paper(kind=kind, retailer=scope.retailer_id, **head)
    numbers = [number for number, row in enumerate(asked["rows"]) if row["quantity"] is not None]
    if not numbers:
        raise FormFault({"rows": NO_QUANTITY})
    try:
        with transaction.atomic():
            # Before products are made known, or somebody who holds a store could wait for these while we wait for it.
            lock_stores(paper.stores)
            lines = lines_of(scope, [asked["rows"][number] for number in numbers], currency)
            document = write(paper, lines, user=user, now=now)
    except (StockFault, FormFault) as fault:
        raise FormFault({_as_sent(name, numbers): text for name, text in fault.faults.items()}) from fault
    return Saved(f"{document.get_kind_display()} {document.pk} is saved.", document.pk, f"document?id={document.pk}")


def save_reversal(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Reverses a document of the person's stores."""
    found = document_of(scope, asked["document"])
    if found is None or (found.to_store_id is not None and found.to_store_id not in scope.store_ids):
        raise FormFault({"document": "There is no document with this number at your stores."})
    try:
        made = reverse(found, user=user, now=now, note=asked["note"])
    except StockFault as fault:
        raise FormFault(fault.faults) from fault
    return Saved(f"Document {found.pk} is taken back.", made.pk, f"document?id={found.pk}")


def document_of(scope: Scope, number: int) -> Document | None:
    """A document that changes one of the person's stores at least."""
    own = Q(store__in=scope.store_ids) | Q(to_store__in=scope.store_ids)
    found = Document.objects.filter(own, retailer=scope.retailer_id, pk=number)
    return found.select_related("store", "to_store", "supplier", "made_by").first()


def initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """Today; costs in the currency of the retailer's stock."""
    return {"day": now.date(), "currency": stock_currency(scope.retailer_id)}


def _as_sent(name: str, numbers: Sequence[int]) -> str:
    """The name of a field of a row, by the row's number among those that were sent."""
    head, _, rest = name.partition(".")
    number, _, field = rest.partition(".")
    return f"{head}.{numbers[int(number)]}.{field}" if rest else name


def _page(kind: Document.Kind, key: str, title: str, lead: str, form: type[DocumentForm], **more: Any) -> FormPage:
    return FormPage(
        key=key,
        title=title,
        lead=lead,
        right=Right.KEEP_STOCK,
        form=form,
        save=partial(save_document, kind),
        back="movements",
        initial=initial,
        rows_max=LINES_MAX,
        **more,
    )


DELIVER = _page(
    Kind.DELIVERY,
    "deliver",
    "Take in a delivery",
    "What came, and what one unit of it costs without tax. The average cost of each product follows from it.",
    DeliveryForm,
    rows=DeliveryRow,
    button="Take it in",
)
COUNT = _page(
    Kind.COUNT,
    "count",
    "Count",
    "What is there. From then on stock follows what is delivered, moved, written off and sold.",
    CountForm,
    rows=CountRow,
    button="Save the count",
    template="warehouse/count.html",
)
MOVE = _page(
    Kind.MOVE,
    "move",
    "Move to another store",
    "What goes from one store to another: out of one and into the other at once, at the first one's average cost.",
    MoveForm,
    rows=LotRow,
    button="Move it",
)
WRITE_OFF = _page(
    Kind.WRITE_OFF,
    "write-off",
    "Write off",
    "What is gone without being sold, and why.",
    WriteOffForm,
    rows=LotRow,
    button="Write it off",
)
RETURN = _page(
    Kind.RETURN,
    "return",
    "Return to the supplier",
    "What goes back to who delivered it.",
    ReturnForm,
    rows=LotRow,
    button="Send it back",
)
REVERSE = FormPage(
    key="reverse",
    title="Take a document back",
    lead="The document stays in the list, and another one beside it takes it back: as if neither had ever been.",
    right=Right.KEEP_STOCK,
    form=ReversalForm,
    save=save_reversal,
    back="movements",
    button="Take it back",
)
FORMS = (DELIVER, COUNT, MOVE, WRITE_OFF, RETURN, REVERSE)
