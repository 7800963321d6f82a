"""What the pages of the books may be asked for: a currency, an account, what entries are narrowed down to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict

from accounting.books.fields import AccountField
from accounting.books.models import Account, JournalEntry
from accounting.books.queries import LinePlace, Wanted, behind_line, currencies
from portal.scope import Scope
from portal.sheets.asking import Asking, PeriodAsking, SearchAsking, StoreAsking


class CurrencyAsking(Asking):
    """One of the currencies in the books, by default the one with most entries; "" while there is no entry."""

    currency = forms.ChoiceField(label="Currency", required=False)

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        self.known = self.used(scope)
        super().__init__(query, scope=scope, now=now)
        self.fields["currency"].choices = [(name, name) for name in self.known]  # type: ignore[attr-defined]
        if len(self.known) < 2:
            self.fields["currency"].widget = forms.HiddenInput()

    def used(self, scope: Scope) -> list[str]:
        """The currencies, the one that is used most first."""
        return currencies(scope.retailer_id)

    def defaults(self) -> dict[str, Any]:
        """The one that is used most."""
        return {**super().defaults(), **({"currency": self.known[0]} if self.known else {})}


class BalancesAsking(CurrencyAsking, PeriodAsking):
    """Days and a currency."""

    field_order: tuple[str, ...] = ("first", "last", "currency")


class JournalAsking(CurrencyAsking, SearchAsking, StoreAsking, PeriodAsking):
    """Entries of some days, narrowed down; `account` becomes an Account or None."""

    account = AccountField(required=False)
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "All kinds"), *JournalEntry.Kind.choices])
    field_order = ("first", "last", "store", "account", "kind", "search", "currency")

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        _offer(self, scope, "All accounts")

    def clean_account(self) -> Account | None:
        """The account with this number."""
        return _account(self.scope, self.cleaned_data["account"])

    def clean_after(self) -> int | None:
        """The number of the last entry of the page before."""
        return _number(self.cleaned_data["after"])


class LinesAsking(JournalAsking):
    """The lines of such entries; `after` becomes a LinePlace or None."""

    def clean_after(self) -> LinePlace | None:  # type: ignore[override]
        """The place of the last line of the page before."""
        number, _, position = self.cleaned_data["after"].partition("_")
        read = (_number(number), _number(position))
        return None if read[0] is None or read[1] is None else LinePlace(read[0], read[1])


class StatementAsking(BalancesAsking):
    """One account; `account` becomes an Account."""

    account = AccountField()
    field_order = ("account", "first", "last", "currency")

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        _offer(self, scope, "Choose an account")

    def clean_account(self) -> Account | None:
        """The account with this number."""
        return _account(self.scope, self.cleaned_data["account"])

    def clean_after(self) -> str:
        """The place of the last line of the page before."""
        after: str = self.cleaned_data["after"]
        try:
            if after:
                behind_line(after)
        except ValueError as fault:
            raise forms.ValidationError("This is no place in the list.") from fault
        return after


class EntryAsking(Asking):
    """One entry by its number."""

    number = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


def wanted_of(asked: Mapping[str, Any]) -> Wanted:
    """What a JournalAsking asks for, as the queries take it."""
    account = asked["account"]
    return Wanted(
        first=asked["first"],
        last=asked["last"],
        currency=asked["currency"],
        account_id=account.pk if account else None,
        store_id=asked["store"],
        kind=asked["kind"],
        search=asked["search"].strip(),
    )


def _offer(asking: Asking, scope: Scope, empty: str) -> None:
    field = asking.fields["account"]
    assert isinstance(field, AccountField)
    field.offer(scope, unused_too=True, empty=empty)


def _account(scope: Scope, number: str) -> Account | None:
    """Raises ValidationError where there is none."""
    if not number:
        return None
    found = Account.objects.filter(retailer=scope.retailer_id, number=number).first()
    if found is None:
        raise forms.ValidationError("There is no account with this number.")
    return found


def _number(text: str) -> int | None:
    """Raises ValidationError."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < len(str(2**63))):
        raise forms.ValidationError("This is no place in the list.")
    return int(text)
