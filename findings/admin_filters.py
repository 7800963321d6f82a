"""How staff narrow the list of findings down; what waits is shown unless something else is asked for."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from findings.models import Finding
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.typed_filter import TypedFilter
from transactions.models import Retailer

Findings = QuerySet[Finding]
# More people than that are found by the search for nobody in particular.
PEOPLE_MAX = 50
MINE, NOBODY, SOMEBODY = "mine", "nobody", "somebody"
WAITING, ALL = "waiting", "all"
AGES = {"day": ("The last 24 hours", timedelta(0), timedelta(days=1)),
        "week": ("1 to 7 days ago", timedelta(days=1), timedelta(days=7)),
        "month": ("7 to 30 days ago", timedelta(days=7), timedelta(days=30)),
        "older": ("More than 30 days ago", timedelta(days=30), None)}  # fmt: skip


class StateFilter(SimpleListFilter):
    """How far they are; without a choice those that wait for somebody."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """What waits is the first choice, and not among these."""
        return [*((str(value), str(label).capitalize()) for value, label in Finding.State.choices), (ALL, "All")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """With what waits in the place of all."""
        first, *rest = super().choices(changelist)
        yield {**first, "display": "Waiting (open or answered)"}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: Findings) -> Findings:
        """By the index of what is not closed, or of the state."""
        asked = self.value()
        if asked == ALL:
            return queryset
        if asked in Finding.State.values:
            return queryset.filter(state=asked)
        return queryset.filter(closed_at__isnull=True)


class AssigneeFilter(SimpleListFilter):
    """Whose they are."""

    title = "assignee"
    parameter_name = "assignee"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Mine, nobody's, and each of the staff."""
        staff = (
            User.objects.filter(is_staff=True, is_active=True)
            .exclude(username=request.user.get_username())
            .order_by("username")
        )
        people = [(str(one.pk), one.username) for one in staff.only("username")[:PEOPLE_MAX]]
        return [(MINE, "Mine"), (NOBODY, "Nobody’s"), *people]

    def queryset(self, request: HttpRequest, queryset: Findings) -> Findings:
        """A person by their key."""
        asked = self.value() or ""
        if asked == MINE:
            return queryset.filter(assignee=request.user.pk)
        if asked == NOBODY:
            return queryset.filter(assignee__isnull=True)
        return queryset.filter(assignee=int(asked)) if asked.isascii() and asked.isdigit() else queryset


class AgeFilter(SimpleListFilter):
    """When what is found began."""

    title = "begin"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Four spans."""
        return [(key, label) for key, (label, _, _) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: Findings) -> Findings:
        """Between two moments."""
        if self.value() not in AGES:
            return queryset
        _, least, most = AGES[str(self.value())]
        now = utc(now_ms())
        found = Q(began_at__lte=now - least)
        return queryset.filter(found & Q(began_at__gt=now - most) if most else found)


class RetailerFilter(TypedFilter):
    """One retailer, by its tax id, which is typed: there are too many to choose from."""

    title = "retailer"
    parameter_name = "retailer"
    label = "By retailer’s tax id"
    all_title = "All retailers"

    def narrowed(self, queryset: Findings, typed: str) -> Findings:
        """Nothing of one that is not known."""
        return queryset.filter(retailer__in=keys_of(typed))


def keys_of(tax_id: str) -> list[int]:
    """The retailer of a tax id, as it is written; none where it is not known."""
    return list(Retailer.objects.filter(tax_id=tax_id.strip()).values_list("pk", flat=True)[:1])
