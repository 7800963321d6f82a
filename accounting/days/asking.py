"""What the pages of fiscal days may be asked for."""

from datetime import date, timedelta
from typing import Any

from django import forms

from accounting.books.asking import CurrencyAsking
from accounting.days.models import TerminalDay
from accounting.days.queries import Place
from portal.scope import Scope
from portal.sheets.asking import DateInput, OneStoreAsking, PeriodAsking, StoreAsking


class DaysCurrencyAsking(CurrencyAsking):
    """One of the currencies in the books; while nothing is posted, of those that the stores sold in."""

    def used(self, scope: Scope) -> list[str]:
        """The currencies, the one that is used most first."""
        fed = TerminalDay.objects.filter(store__in=scope.store_ids).order_by("currency")
        return super().used(scope) or list(fed.values_list("currency", flat=True).distinct())


class DaysAsking(DaysCurrencyAsking, StoreAsking, PeriodAsking):
    """Days, stores and a currency; `after` becomes a Place or None."""

    only = forms.BooleanField(label="Only with findings", required=False)
    field_order = ("first", "last", "store", "currency", "only")

    def clean_after(self) -> Place | None:
        """Where the list goes on."""
        return read_place(self.cleaned_data["after"])


class GapsAsking(StoreAsking, PeriodAsking):
    """Days and stores; `after` becomes a Place or None."""

    only = forms.BooleanField(label="Only what is still missing", required=False)
    field_order = ("first", "last", "store", "only")

    def clean_after(self) -> Place | None:
        """Where the list goes on."""
        return read_place(self.cleaned_data["after"])


class DayAsking(DaysCurrencyAsking, OneStoreAsking):
    """One day of one store, yesterday by default."""

    day = forms.DateField(label="Day", widget=DateInput)
    field_order = ("store", "day", "currency")

    def defaults(self) -> dict[str, Any]:
        """The newest day that is over."""
        return {**super().defaults(), "day": self.today - timedelta(1)}


def read_place(text: str) -> Place | None:
    """Where a list goes on. Raises ValidationError."""
    if not text:
        return None
    try:
        day, store = text.split("_")
        return Place(date.fromisoformat(day), int(store))
    except ValueError as fault:
        raise forms.ValidationError("This is no place in the list.") from fault


def place_text(place: Place) -> str:
    """The text that `read_place` reads."""
    return f"{place.day}_{place.store}"
