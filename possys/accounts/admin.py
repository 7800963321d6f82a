"""Users and groups in the admin, the sidebar, and who may give rights."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from possys.accounts.admin_passwords import NewPersonForm, PasswordActs, PersonForm
from possys.accounts.admin_second_factor import AccessAttemptAdmin, SecondFactorActs
from possys.accounts.admin_sessions import SessionActs
from possys.accounts.models import User
from possys.keyset_admin import KeysetAdmin
from possys.keyset_search import asked, first_found

__all__ = ["AccessAttemptAdmin", "GroupAdmin", "UserAdmin", "navigation"]

# What decides a person's rights; whoever could set these for themselves would have every right.
RIGHTS = ("is_superuser", "groups", "user_permissions")
# Where a model's admin names no Material symbol of its own.
PLAIN_ICON = "table"
# Where it names no place among its neighbours, the alphabet orders them.
PLAIN_RANK = 1

admin.site.unregister(Group)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: every app's pages that the person may see; a new service need not be entered here.

    A model's admin may say `navigation_group`, `navigation_title`, `navigation_icon` and `navigation_rank`.
    """
    groups: dict[str, list[tuple[int, str, dict[str, Any]]]] = {}
    for app in admin.site.get_app_list(request):
        for model in app["models"]:
            shown = admin.site._registry[model["model"]]
            title = getattr(shown, "navigation_title", model["name"])
            icon = getattr(shown, "navigation_icon", PLAIN_ICON)
            item = {"title": title, "icon": icon, "link": model["admin_url"]}
            rank = getattr(shown, "navigation_rank", PLAIN_RANK)
            group = getattr(shown, "navigation_group", app["name"])
            if model["admin_url"]:
                groups.setdefault(group, []).append((rank, str(title), item))
    return [
        {"title": group, "separator": place > 0, "items": [item for *_, item in sorted(items, key=_by_rank)]}
        for place, (group, items) in enumerate(sorted(groups.items()))
    ]


def _by_rank(item: tuple[int, str, dict[str, Any]]) -> tuple[int, str]:
    return item[0], item[1]


@admin.register(User)
class UserAdmin(SecondFactorActs, SessionActs, PasswordActs, DjangoUserAdmin, KeysetAdmin):  # type: ignore[misc,type-arg]
    """People are made inactive, never deleted: the admin's log of what they did would go with them."""

    form = PersonForm
    add_form = NewPersonForm
    add_fieldsets = ((None, {"fields": NewPersonForm.Meta.fields}),)
    # By group would join and make rows distinct.
    list_filter = ("is_staff", "is_superuser", "is_active")
    ordering = ("username",)
    sortable_by = ("username",)
    search_help_text = "Beginning of the login, or the whole e-mail address"
    navigation_icon = "person"
    navigation_group = "People"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By login, along its index; by address, which reads all people, a few hundred thousand."""
        term = asked(search_term)
        if not term:
            return queryset, False
        found = (User.objects.filter(username__startswith=term), User.objects.filter(email__iexact=term))
        return first_found(request, queryset, found), False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser gives rights."""
        fixed = ("last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers are changed by superusers only."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody; see the class."""
        return False


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Groups carry rights, so only a superuser changes them."""

    navigation_icon = "group"
    navigation_group = "People"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)
