"""A filter of an admin list that is typed: where there are too many values to choose from."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

# Longer than any number or key that a register is narrowed by.
TYPED_CHARACTERS_MAX = 60


class TypedFilter(SimpleListFilter):
    """One field and a button; `label` says what is typed, `all_title` what is shown without."""

    template = "admin/keyset/typed_filter.html"
    label = ""
    all_title = "All"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """None to choose from."""
        return []

    def has_output(self) -> bool:
        """It is shown all the same."""
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """What is asked for, and the other filters, which stay."""
        kept = [
            (name, value)
            for name, values in changelist.filter_params.items()
            for value in values
            if name != self.parameter_name
        ]
        yield {
            "name": self.parameter_name,
            "label": self.label,
            "value": self.typed(),
            "kept": kept,
            "all_query": changelist.get_query_string(remove=[str(self.parameter_name)]),
            "all_title": self.all_title,
        }

    def typed(self) -> str:
        """What was typed, without what no column can hold."""
        return (self.value() or "").replace("\0", "").strip()[:TYPED_CHARACTERS_MAX]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Narrowed when something was typed."""
        typed = self.typed()
        return self.narrowed(queryset, typed) if typed else queryset

    def narrowed(self, queryset: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
        """The rows of what was typed; none when there is no such thing."""
        raise NotImplementedError
