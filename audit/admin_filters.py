"""How the list of acts is narrowed: who, when, on which object; each by an index, none by counting."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from possys.typed_filter import TypedFilter

SPAN = ".."


class PersonFilter(TypedFilter):
    """One person, by the login's name as it was then."""

    title = "person"
    parameter_name = "by"
    label = "Name of the login"
    all_title = "Everybody"

    def narrowed(self, queryset: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
        """By its index."""
        return queryset.filter(person=typed)


class ObjectFilter(TypedFilter):
    """One object: its key, after its model's label where the key alone would be too many things."""

    title = "object"
    parameter_name = "of"
    label = "Key, or model and key"
    all_title = "Every object"

    def narrowed(self, queryset: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
        """By the index of keys; "transactions.terminal 4711" or "4711"."""
        model, _, key = typed.rpartition(" ")
        found = queryset.filter(key=key)
        return found.filter(model=model) if model else found


class DayFilter(TypedFilter):
    """One day, or the days from one to another, by the site's clock."""

    title = "day"
    parameter_name = "day"
    label = "2026-11-30, or 2026-11-01..2026-11-30"
    all_title = "Any day"

    def narrowed(self, queryset: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
        """By the index of times; nothing where no day was typed."""
        first, span, last = typed.partition(SPAN)
        try:
            begin, end = _day(first), _day(last if span else first)
            return queryset.filter(at__gte=_midnight(begin), at__lt=_midnight(end + timedelta(days=1)))
        except (ValueError, OverflowError):
            return queryset.none()


def _day(text: str) -> date:
    return date.fromisoformat(text.strip())


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
