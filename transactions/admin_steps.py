"""The registry's audit in the admin: every step of every life, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from possys.keyset_admin import KeysetAdmin
from transactions.admin_actions import link
from transactions.admin_search import number_in
from transactions.models import RegistryStep

NUMBER_MAX = 2**31 - 1


@admin.register(RegistryStep)
class RegistryStepAdmin(KeysetAdmin):
    """Rows are added with the change that they tell of, and never changed."""

    navigation_group = "Registry"
    navigation_title = "Steps"
    navigation_icon = "history"
    navigation_rank = 2
    list_display = ("at", "about", "kind", "before", "after", "reason", "by")
    list_display_links = None
    list_filter = ("kind",)
    search_fields = ("terminal",)
    search_help_text = "Terminal's number"

    @admin.display(description="of")
    def about(self, step: RegistryStep) -> str:
        """What the step is about, with a link to it."""
        if step.terminal is not None:
            name, key = "terminal", step.terminal
        elif step.store is not None:
            name, key = "store", step.store
        else:
            name, key = "retailer", step.retailer
        return link(reverse(f"admin:transactions_{name}_change", args=[key]), f"{name} {key}")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RegistryStep], search_term: str
    ) -> tuple[QuerySet[RegistryStep], bool]:
        """By the terminal's number, through its index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        number = number_in(term, NUMBER_MAX)
        return (queryset.none() if number is None else queryset.filter(terminal=number)), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
