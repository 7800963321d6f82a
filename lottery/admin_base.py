"""What the lottery's pages in the admin share: where they stand, and that nothing is changed except by its own step."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from ledger.models import identity_of
from possys.codes import CodeError
from possys.keyset_admin import KeysetAdmin
from possys.receipt_keys import table


class LotteryAdmin(KeysetAdmin):
    """Read-only; what a person may do stands on the page as a button that leads to a page of its own."""

    navigation_group = "Lottery"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: customers and the draw make these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody, but by steps."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None, unless a list has its own."""
        return {}

    def page(self, request: HttpRequest, template: str, title: str, *, status: int = 200, **more: Any) -> HttpResponse:
        """A page of the admin that is none of Django's own; never kept by the browser, since it names people."""
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **more}
        response = TemplateResponse(request, f"admin/lottery/{template}", context, status=status)
        response["Cache-Control"] = "no-store"
        return response

    def whole(self, request: HttpRequest, object_id: str) -> Any:
        """The row of a page. Raises PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found


def page_of(row: Model) -> str:
    """The address of a row's page in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def at(moment: datetime | None) -> str:
    """To the minute, in the time of the rules; empty for what has not happened."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def known(facts: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Without those that are empty."""
    return [(name, value) for name, value in facts if value not in ("", None)]


def receipt_lookup(term: str) -> dict[str, Any] | None:
    """What finds entries by the receipt's code through their index; None when it is no code."""
    try:
        place = table().decode(term)
    except CodeError:
        return None
    return {"identity": identity_of(place.terminal, place.sequence), "issued_on": place.day}


def key_lookup(term: str) -> UUID | None:
    """A row's key, as it stands in addresses; None when it is none."""
    try:
        return UUID(term)
    except ValueError:
        return None
