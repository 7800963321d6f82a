"""The forms that write into the journal: an entry by hand, and a reversal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounting.books.faults import faults_shown
from accounting.books.fields import AccountField, CurrencyField, offer_accounts
from accounting.books.manual import ManualEntry, ManualLine, write_by_hand
from accounting.books.models import TEXT_MAX
from accounting.books.posting import reverse
from accounting.books.queries import currencies, entry_of
from accounting.books.writing import LINES_MAX
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import DayField, MoneyField, ScopeStoreField, in_minor
from portal.sheets.forms import FormFault, FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User


class EntryForm(ServiceForm):
    """An entry written by hand."""

    day = DayField(label="Date", help_text="The day that it counts for.")
    currency = CurrencyField()
    text = forms.CharField(label="Text", max_length=TEXT_MAX, help_text="What it is about, as for a reader in a year.")
    store = ScopeStoreField(required=False, help_text="If it is about one store.")


class EntryRow(RowForm):
    """One line of it."""

    account = AccountField()
    debit = MoneyField(label="Debit", required=False)
    credit = MoneyField(label="Credit", required=False)
    text = forms.CharField(label="Text", required=False, max_length=TEXT_MAX)

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        offer_accounts(self, scope)


class ReversalForm(ServiceForm):
    """Takes an entry back."""

    number = forms.IntegerField(label="Entry", min_value=1, max_value=2**63 - 1, help_text="Its number.")
    text = forms.CharField(label="Why", max_length=TEXT_MAX)


def save_entry(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Writes an entry."""
    currency = asked["currency"]
    lines = tuple(
        ManualLine(
            row["account"],
            _minor(row["debit"], currency, f"rows.{place}.debit"),
            _minor(row["credit"], currency, f"rows.{place}.credit"),
            row["text"],
        )
        for place, row in enumerate(asked["rows"])
    )
    with faults_shown():
        entry = write_by_hand(
            scope.retailer_id, ManualEntry(asked["day"], currency, asked["text"], lines, asked["store"]), user, now
        )
    return Saved(f"Entry {entry.number} is written.", entry.number, f"entry?number={entry.number}")


def save_reversal(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Reverses an entry."""
    entry = entry_of(scope.retailer_id, asked["number"])
    if entry is None:
        raise FormFault({"number": "There is no entry with this number."})
    with faults_shown():
        made = reverse(entry, user, now, f"Reversal of entry {entry.number}: {asked['text']}")
    return Saved(f"Entry {made.number} takes entry {entry.number} back.", made.number, f"entry?number={made.number}")


def entry_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """Today, in the currency that is used most."""
    known = currencies(scope.retailer_id)
    return {"day": now.date(), "currency": known[0] if known else ""}


def _minor(amount: Any, currency: str, field: str) -> int:
    """Minor units of an amount that may be missing. Raises FormFault."""
    if amount is None:
        return 0
    try:
        return in_minor(amount, currency)
    except ValidationError as fault:
        raise FormFault({field: fault.messages[0]}) from fault


WRITE_ENTRY = FormPage(
    key="write-entry",
    title="Write an entry",
    lead="Debits and credits must be the same. What is written stays: a mistake is put right by a reversal.",
    right=Right.KEEP_BOOKS,
    form=EntryForm,
    rows=EntryRow,
    rows_max=LINES_MAX,
    save=save_entry,
    back="journal",
    initial=entry_initial,
    button="Write it",
)
REVERSE = FormPage(
    key="reverse",
    title="Reverse an entry",
    lead="A further entry takes it back: on its own day, or on the first that is not locked.",
    right=Right.KEEP_BOOKS,
    form=ReversalForm,
    save=save_reversal,
    back="journal",
    button="Reverse it",
)
