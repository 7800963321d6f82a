"""Who belongs to which retailer, for staff: they let a retailer's first owner in, and help where owners cannot."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display

from portal import operations
from portal.admin_forms import MembershipForm
from portal.admin_search import memberships_of
from portal.keys import admin as keys_admin
from portal.models import Membership, MembershipChange
from portal.operations import Author, MembershipError
from portal.rights import Role
from possys.accounts.models import User
from possys.keyset_admin import KeysetAdmin
from possys.keyset_search import asked, first_found

__all__ = ["MembershipAdmin", "keys_admin"]

ROLE_LABELS = {Role.OWNER: "info", Role.ACCOUNTANT: "success", Role.STORE_MANAGER: "warning"}


class ChangeInline(TabularInline):  # type: ignore[misc]
    """What was changed, to look at."""

    model = MembershipChange
    tab = True
    extra = 0
    fields = readonly_fields = ("changed_at", "kind", "detail", "changed_by", "is_by_staff")
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Changes are kept by what makes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only to look at."""
        return False


@admin.register(Membership)
class MembershipAdmin(KeysetAdmin):
    """Each save is an operation of the portal, kept as staff's on the retailer's own page."""

    form = MembershipForm
    navigation_group = "People"
    navigation_icon = "badge"
    navigation_title = "Retailers' people"
    list_display = ("user", "retailer", "role_label", "is_active", "created_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "retailer")
    # The newest first: by the person would sort all of them for each page.
    ordering = ("-pk",)
    search_fields = ("user__username", "user__email", "retailer__name", "retailer__tax_id")
    search_help_text = "Beginning of the login; whole e-mail address; tax id or words of the retailer"
    autocomplete_fields = ("user", "retailer", "stores")
    inlines = (ChangeInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Membership], search_term: str
    ) -> tuple[QuerySet[Membership], bool]:
        """By person or retailer."""
        term = asked(search_term)
        return (first_found(request, queryset, memberships_of(term)) if term else queryset), False

    @display(description="role", label=ROLE_LABELS)  # type: ignore[untyped-decorator]
    def role_label(self, membership: Membership) -> tuple[str, str]:
        """In words."""
        return membership.role, membership.get_role_display()

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Person and retailer are chosen once."""
        return () if obj is None else ("user", "retailer", "created_at")

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """A new member is active."""
        chosen = ("user", "retailer", "role", "stores")
        return chosen if obj is None else (*chosen, "is_active", "created_at")

    def get_inlines(self, request: HttpRequest, obj: Membership | None) -> Any:
        """A member that is being made has no past."""
        return () if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """By the operation that fits what was asked for."""
        assert isinstance(request.user, User)
        author = Author(request.user, is_staff=True)
        role, stores = Role(form.cleaned_data["role"]), form.cleaned_data["stores"]
        before = Membership.objects.get(pk=obj.pk) if change else None
        try:
            if before is None or (not before.is_active and obj.is_active):
                made = operations.give_membership(
                    user=obj.user, retailer=obj.retailer, role=role, stores=stores, author=author
                )
                obj.__dict__.update(made.__dict__)
            elif before.is_active and not obj.is_active:
                operations.remove_membership(before, author=author)
            elif before.is_active:
                operations.change_membership(before, role=role, stores=stores, author=author)
        except MembershipError as fault:
            # The form has looked already: somebody else changed it at the same moment.
            messages.error(request, f"Nothing was changed: {fault}")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Not the stores, which the operation has set; the list of changes is only shown, and says that to Django."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Nobody: a member is made inactive, and the changes stay."""
        return False
