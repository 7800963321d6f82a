"""What every page of the ledger in the admin shares: nobody changes anything, and no list counts a whole table."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

from possys.home import Alarm
from possys.keyset_admin import KeysetAdmin

# Of the pages' own modules, too.
__all__ = ["Alarm", "LedgerAdmin"]


class LedgerAdmin(KeysetAdmin):
    """Read-only for everybody."""

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
