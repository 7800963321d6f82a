"""What every page of the ledger in the admin shares: nobody changes anything, and no list counts a whole table."""

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from possys.home import Alarm

# Of the pages' own modules, too.
__all__ = ["Alarm", "LedgerAdmin", "NewestPaginator"]

PAGE_ROWS = 50
# Pages lead through so many rows; older ones are found by searching. More would only be counted, never turned to.
LISTED_MAX = 1000


class LedgerAdmin(ModelAdmin):  # type: ignore[misc]
    """Read-only for everybody."""

    list_per_page = PAGE_ROWS
    show_full_result_count = False
    # Any other order than the model's own would read the whole table.
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: only the flush and the checkpointer write the ledger."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: they would change something."""
        return {}

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """A page of the admin that is none of Django's own."""
        return TemplateResponse(
            request,
            f"admin/ledger/{template}",
            {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **context},
        )

    def require_view(self, request: HttpRequest) -> None:
        """Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied


class NewestPaginator(Paginator):  # type: ignore[type-arg]
    """Pages through the first rows of a list of any length."""

    @cached_property
    def count(self) -> int:
        """At most LISTED_MAX; the database stops there."""
        rows: Any = self.object_list
        return int(rows.order_by()[:LISTED_MAX].count())
