"""What is asked for of an audit file: an address that leaves something out is refused, so that it never means now."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from accounting.books.queries import currencies
from portal.scope import Scope
from portal.sheets.asking import OneStoreAsking, PeriodAsking


class FileAsking(PeriodAsking):
    """Days that must be given; `name` begins the fields' ids, because two such forms stand on one page."""

    name = "file"

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        self.auto_id = f"{self.name}_%s"

    def defaults(self) -> dict[str, Any]:
        """None."""
        return {}


class SafTAsking(FileAsking):
    """A retailer's entries in one currency."""

    name = "saf-t"
    currency = forms.ChoiceField(label="Currency")
    field_order = ("first", "last", "currency")

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        own: Any = self.fields["currency"]
        own.choices = [(name, name) for name in currencies(scope.retailer_id)]


class DsfinvkAsking(OneStoreAsking, FileAsking):
    """A store's days; of several currencies one."""

    name = "dsfinvk"
    currency = forms.RegexField(
        "[A-Z]{3}",
        required=False,
        label="Currency",
        help_text="May be left out where there is one alone.",
        widget=forms.TextInput({"size": 3, "maxlength": 3, "placeholder": "any"}),
    )
    field_order = ("store", "first", "last", "currency")

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        self.fields["store"].required = True

    def first_choices(self) -> list[tuple[str, str]]:
        """No choice of all."""
        return []

    def defaults(self) -> dict[str, Any]:
        """None, not even a store."""
        return {}


def last_month(today: date) -> str:
    """The query of the month before: what people ask for most."""
    last = today.replace(day=1) - timedelta(1)
    return f"first={last.replace(day=1)}&last={last}"
