"""API keys for staff: to look at, and to revoke where a retailer cannot."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action, display

from portal.admin_search import memberships_of
from portal.keys.models import ApiKey
from portal.keys.operations import revoke_key
from portal.operations import Author
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.keyset_admin import KeysetAdmin
from possys.keyset_search import FOUND_MAX, asked, first_found
from transactions.admin_search import number_in
from transactions.models import ID_MAX

STATE_LABELS = {"valid": "success", "expired": "warning", "revoked": "danger"}


@admin.register(ApiKey)
class ApiKeyAdmin(KeysetAdmin):
    """Keys are made by their members only, so that no page of the admin ever shows one."""

    navigation_group = "People"
    navigation_icon = "key"
    navigation_title = "Retailers' API keys"
    list_display = ("number", "name", "person", "retailer", "state", "created_at", "last_used_on", "expires_on")
    list_display_links = ("number", "name")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_on")
    list_select_related = ("membership__user", "membership__retailer")
    ordering = ("-pk",)
    search_fields = ("=id", "membership__user__username", "membership__user__email", "membership__retailer__name")
    search_help_text = "A key's number; beginning of the login; whole e-mail address; tax id or words of the retailer"
    fields = ("number", "name", "person", "retailer", "state", "created_at", "last_used_on", "expires_on",
        "revoked_at", "revoked_by")  # fmt: skip
    readonly_fields = fields
    actions = ("revoke",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ApiKey], search_term: str
    ) -> tuple[QuerySet[ApiKey], bool]:
        """By number, person or retailer."""
        term = asked(search_term)
        if not term:
            return queryset, False
        if (number := number_in(term.removeprefix("r"), ID_MAX)) is not None:
            return queryset.filter(pk=number), False
        members = (rows.order_by().values_list("pk", flat=True)[:FOUND_MAX] for rows in memberships_of(term))
        return first_found(
            request, queryset, (ApiKey.objects.filter(membership__in=list(own)) for own in members)
        ), False

    @admin.display(description="key")
    def number(self, key: ApiKey) -> str:
        """How the key's text begins."""
        return f"r{key.pk}"

    @admin.display(description="person")
    def person(self, key: ApiKey) -> str:
        """As whom it acts."""
        return str(key.membership.user)

    @admin.display(description="retailer")
    def retailer(self, key: ApiKey) -> str:
        """Where it gets in."""
        return str(key.membership.retailer)

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state(self, key: ApiKey) -> tuple[str, str]:
        """Whether it opens anything, were its person let in."""
        if key.revoked_at is not None:
            return "revoked", "Revoked"
        is_over = key.expires_on < utc(now_ms()).date()
        return ("expired", "Expired") if is_over else ("valid", "Valid")

    @action(description="Revoke the keys", permissions=["revoke"])  # type: ignore[untyped-decorator]
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Kept as staff's doing in the retailers' lists of changes."""
        assert isinstance(request.user, User)
        author, now = Author(request.user, is_staff=True), utc(now_ms())
        revoked = [key for key in keys if revoke_key(key, author=author, now=now)]
        for key in revoked:
            self.log_change(request, key, "Revoked.")
        messages.success(request, f"Revoked, and refused from now on: {len(revoked)}.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Asked by Django before it offers or does the action."""
        return bool(request.user.has_perm("portal.change_apikey"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody; see the class."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a key is revoked, and nothing else of it changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: what it was stays understandable."""
        return False
