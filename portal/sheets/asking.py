"""What a page's address may ask for, as forms: read with their defaults, checked, and shown above the page.

    class DaysAsking(PeriodAsking, StoreAsking):
        only = forms.BooleanField(required=False, label="Only with findings")

`cleaned_data` then has `first`, `last`, `store`, `stores`, `only`, and of every page `after` and `limit`. A field
that is hidden (a row's number) is no filter. A store that is not in the scope is as one that does not exist: Http404.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import Http404, QueryDict

from portal.scope import Scope

# A year with a month around it; more is exported part by part.
DAYS_MAX = 400
DEFAULT_DAYS = 28
AFTER_LENGTH_MAX = 200
SEARCH_LENGTH_MAX = 120
# The oldest day that a receipt code can name.
FIRST_DAY = date(2020, 1, 1)


class DateInput(forms.DateInput):
    """A browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class Asking(forms.Form):
    """What every page may be asked for: where a long list goes on."""

    after = forms.CharField(required=False, max_length=AFTER_LENGTH_MAX, widget=forms.HiddenInput)

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        self.scope = scope
        self.now = now
        self.today = now.date()
        given = query.copy()
        for name, value in self.defaults().items():
            if not given.get(name):
                given[name] = str(value)
        super().__init__(given, auto_id="ask_%s")

    def defaults(self) -> dict[str, Any]:
        """What is asked for where the address says nothing."""
        return {}

    @property
    def filters(self) -> list[forms.BoundField]:
        """The fields that are shown above the page."""
        return self.visible_fields()


class PeriodAsking(Asking):
    """Days from `first` to `last`, both included; the last four weeks by default."""

    first = forms.DateField(label="From", widget=DateInput)
    last = forms.DateField(label="To", widget=DateInput)

    def defaults(self) -> dict[str, Any]:
        """Ends today."""
        return {**super().defaults(), "first": self.today - timedelta(DEFAULT_DAYS - 1), "last": self.today}

    def clean(self) -> dict[str, Any]:
        """Days in order, and not too many."""
        found = super().clean() or self.cleaned_data
        first, last = found.get("first"), found.get("last")
        if first and last:
            if last < first:
                self.add_error("last", "The last day lies before the first.")
            elif (last - first).days >= DAYS_MAX:
                self.add_error(
                    "last", f"At most {DAYS_MAX} days can be shown at once; these are {(last - first).days + 1}."
                )
            elif first < FIRST_DAY:
                self.add_error("first", f"Days from {FIRST_DAY} on can be shown.")
        return found


class StoreAsking(Asking):
    """One store or all: `store` is its number or None, `stores` are those that are meant."""

    store = forms.TypedChoiceField(label="Store", required=False, coerce=int, empty_value=None)

    def __init__(self, query: QueryDict, *, scope: Scope, now: datetime) -> None:
        super().__init__(query, scope=scope, now=now)
        own: Any = self.fields["store"]
        own.choices = [*self.first_choices(), *((one.id, one.name) for one in scope.stores)]
        asked = self.data.get("store") or ""
        if asked and asked not in {str(one.id) for one in scope.stores}:
            raise Http404

    def first_choices(self) -> list[tuple[str, str]]:
        """What stands above the stores."""
        return [("", "All stores")]

    def clean(self) -> dict[str, Any]:
        """Adds `stores`."""
        found = super().clean() or self.cleaned_data
        store = found.get("store")
        found["stores"] = (store,) if store else self.scope.store_ids
        return found


class OneStoreAsking(StoreAsking):
    """One store, by default the one that is known longest; `store` is None only where somebody has none at all."""

    def first_choices(self) -> list[tuple[str, str]]:
        """No choice of all."""
        return []

    def defaults(self) -> dict[str, Any]:
        """A store."""
        first = {"store": min(self.scope.store_ids)} if self.scope.stores else {}
        return {**super().defaults(), **first}


class SearchAsking(Asking):
    """A part of a name."""

    search = forms.CharField(
        label="Search", required=False, max_length=SEARCH_LENGTH_MAX, widget=forms.TextInput({"type": "search"})
    )
