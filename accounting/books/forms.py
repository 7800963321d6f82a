"""The books' forms: an entry by hand, a reversal, accounts, rules, settings. Each makes one call into the domain."""

from collections.abc import Mapping
from contextlib import contextmanager
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from babel.core import Locale
from django import forms
from django.core.exceptions import ValidationError

from accounting.books import chart
from accounting.books.faults import BooksFault
from accounting.books.fields import AccountField, CurrencyField
from accounting.books.manual import ManualEntry, ManualLine, write_by_hand
from accounting.books.models import TEXT_MAX, Account, Books, PostingRule
from accounting.books.posting import LINES_MAX, reverse
from accounting.books.queries import account_of, currencies, entry_of
from accounting.books.settings import Settings, change_settings
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import DayField, MoneyField, ScopeStoreField, in_minor
from portal.sheets.forms import FormFault, FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User

COUNTRIES = frozenset(name for name in Locale("en").territories if len(name) == 2 and name.isalpha())


@contextmanager
def faults_shown() -> Iterator[None]:
    """What the books refuse is shown at the form's fields."""
    try:
        yield
    except BooksFault as fault:
        raise FormFault(fault.faults) from fault


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
        _offer(self, scope)


class ReversalForm(ServiceForm):
    """Takes an entry back."""

    number = forms.IntegerField(label="Entry", min_value=1, max_value=2**63 - 1, help_text="Its number.")
    text = forms.CharField(label="Why", max_length=TEXT_MAX)


class NewAccountForm(ServiceForm):
    """One more account."""

    number = forms.RegexField(
        r"^[0-9A-Za-z][0-9A-Za-z.\-]*$",
        label="Number",
        max_length=20,
        error_messages={"invalid": "Letters, digits, dots and dashes."},
        help_text="Accounts are listed in the order of their numbers. A number never changes.",
    )
    name = forms.CharField(label="Name", max_length=80)
    kind = forms.ChoiceField(label="Kind", choices=Account.Kind.choices)


class AccountForm(ServiceForm):
    """Another name, or out of use."""

    account = AccountField()
    name = forms.CharField(label="Name", max_length=80)
    is_active = forms.BooleanField(
        label="In use", required=False, help_text="What is not in use keeps what was posted to it."
    )

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        _offer(self, scope, unused_too=True)


class DeletionForm(ServiceForm):
    """An account that nobody needs."""

    account = AccountField()

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        _offer(self, scope, unused_too=True)


class RuleForm(ServiceForm):
    """What is posted where."""

    purpose = forms.ChoiceField(label="What", choices=PostingRule.Purpose.choices)
    key = forms.CharField(
        label="Which",
        required=False,
        max_length=12,
        help_text=(
            f"A payment method ({', '.join(chart.METHODS)}), a kind of line ({', '.join(chart.LINE_KINDS)}) or a tax "
            "code as the tills send it. Empty: everything that has no rule of its own."
        ),
    )
    account = AccountField(required=False, help_text="Empty: no rule of its own any more.")

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        _offer(self, scope)


class SettingsForm(ServiceForm):
    """How the books are kept."""

    close_at = forms.TimeField(
        label="Close at",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="On the next day. What comes later is in a supplement.",
    )
    vat_period = forms.ChoiceField(label="VAT period", choices=Books.VatPeriod.choices)
    locked_until = DayField(
        label="Locked until",
        required=False,
        help_text="Nothing is dated on this day or before any more. A lock is never taken back.",
    )
    legal_name = forms.CharField(
        label="Legal name", required=False, max_length=120, help_text="In audit files; else the retailer's name."
    )
    street = forms.CharField(label="Street", required=False, max_length=120)
    city = forms.CharField(label="City", required=False, max_length=60)
    postal_code = forms.CharField(label="Postal code", required=False, max_length=18)
    country = forms.CharField(label="Country", required=False, max_length=2, help_text="Two letters, such as CZ.")

    def clean_country(self) -> str:
        """Of ISO 3166."""
        found: str = self.cleaned_data["country"].upper()
        if found and found not in COUNTRIES:
            raise ValidationError("Two letters of ISO 3166, such as CZ.")
        return found


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


def save_new_account(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds an account."""
    with faults_shown():
        made = chart.add_account(scope.retailer_id, **asked)
    return Saved(f"{made} is added. Set a rule to have something posted to it.", made.pk)


def save_account(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Changes an account."""
    account = _account(scope, asked["account"])
    with faults_shown():
        chart.change_account(account, name=asked["name"], is_active=asked["is_active"])
    return Saved(f"Saved: {account}.", account.pk)


def save_deletion(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Deletes an account."""
    account = _account(scope, asked["account"])
    with faults_shown():
        chart.delete_account(account)
    return Saved(f"{account} is deleted.")


def save_rule(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Sets a rule."""
    account = _account(scope, asked["account"]) if asked["account"] else None
    with faults_shown():
        chart.set_rule(scope.retailer_id, purpose=asked["purpose"], key=asked["key"].strip(), account=account)
    return Saved("Saved. Later closes and cash-ups are posted by it.")


def save_settings(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Changes the settings."""
    with faults_shown():
        change_settings(scope.retailer_id, Settings(**asked), now)
    return Saved("The settings are saved.")


def entry_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """Today, in the currency that is used most."""
    known = currencies(scope.retailer_id)
    return {"day": now.date(), "currency": known[0] if known else ""}


def account_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """The account as it is."""
    found = account_of(scope.retailer_id, query.get("account", ""))
    return {"name": found.name, "is_active": found.is_active} if found else {"is_active": True}


def settings_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """The settings as they are."""
    books = chart.open_books(scope.retailer_id)
    return {name: getattr(books, name) for name in SettingsForm.base_fields}  # type: ignore[attr-defined]


def _offer(form: forms.Form, scope: Scope, *, unused_too: bool = False) -> None:
    field = form.fields["account"]
    assert isinstance(field, AccountField)
    field.offer(scope, unused_too=unused_too)


def _account(scope: Scope, number: str) -> Account:
    """Raises FormFault."""
    found = account_of(scope.retailer_id, number)
    if found is None:
        raise FormFault({"account": "There is no account with this number."})
    return found


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
ADD_ACCOUNT = FormPage(
    key="add-account",
    title="Add an account",
    lead="For a rule of its own, or for entries by hand.",
    right=Right.KEEP_BOOKS,
    form=NewAccountForm,
    save=save_new_account,
    back="accounts",
)
CHANGE_ACCOUNT = FormPage(
    key="change-account",
    title="Change an account",
    lead="Its name, and whether it is in use. Its number and kind stay.",
    right=Right.KEEP_BOOKS,
    form=AccountForm,
    save=save_account,
    back="accounts",
    initial=account_initial,
)
DELETE_ACCOUNT = FormPage(
    key="delete-account",
    title="Delete an account",
    lead="Only one that nothing was ever posted to; others can be taken out of use.",
    right=Right.KEEP_BOOKS,
    form=DeletionForm,
    save=save_deletion,
    back="accounts",
    button="Delete it",
)
SET_RULE = FormPage(
    key="rule",
    title="Set a rule",
    lead="What later closes and cash-ups are posted to. What was posted stays.",
    right=Right.KEEP_BOOKS,
    form=RuleForm,
    save=save_rule,
    back="rules",
)
SETTINGS = FormPage(
    key="settings",
    title="Settings of the books",
    lead="When days are closed, the VAT period, and what audit files say of the retailer.",
    right=Right.KEEP_BOOKS,
    form=SettingsForm,
    save=save_settings,
    back="rules",
    initial=settings_initial,
)
