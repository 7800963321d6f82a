"""Tokens of the feed in the admin: who has one, when it was used, and a button that revokes it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import display

from ledger.admin_base import LedgerAdmin
from ledger.feeding.models import FeedToken
from ledger.feeding.tokens import TokenRefusedError, revoke
from possys.clock import now_ms, utc

STATE_LABELS = {"valid": "success", "revoked": "danger"}


@admin.register(FeedToken)
class FeedTokenAdmin(LedgerAdmin):
    """Issued by `manage.py feed_token` only, so that no page ever shows one."""

    navigation_icon = "key"
    navigation_title = "Tokens of the feed"
    list_display = ("name", "state", "created", "last_used_on")
    search_fields = ("name",)

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state(self, token: FeedToken) -> tuple[str, str]:
        """Whether it opens the feed."""
        return ("valid", "Valid") if token.revoked_at is None else ("revoked", "Revoked")

    @admin.display(description="issued at")
    def created(self, token: FeedToken) -> str:
        """To the second."""
        return f"{token.created_at:%Y-%m-%d %H:%M:%S} UTC"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One token; POST revokes it. Raises PermissionDenied, Http404."""
        self.require_view(request)
        found: FeedToken | None = self.get_object(request, object_id)
        if found is None:
            raise Http404
        may_revoke = request.user.has_perm("ledger.change_feedtoken")
        if request.method == "POST":
            if not may_revoke:
                raise PermissionDenied
            return self._revoked(request, found)
        facts = [
            ("Issued", self.created(found)),
            ("Last used", "never" if found.last_used_on is None else f"on {found.last_used_on}"),
            ("Revoked", "no" if found.revoked_at is None else f"{found.revoked_at:%Y-%m-%d %H:%M:%S} UTC"),
        ]
        return self.page(
            request,
            "feed_token.html",
            f"Token of {found}",
            original=found,
            facts=facts,
            may_revoke=may_revoke and found.revoked_at is None,
        )

    def _revoked(self, request: HttpRequest, found: FeedToken) -> HttpResponse:
        try:
            if found.revoked_at is not None:
                raise TokenRefusedError(f"this token of {found} was revoked before")
            revoke(found.name, utc(now_ms()))
        except TokenRefusedError as fault:
            messages.error(request, f"Nothing was done: {fault}.")
        else:
            self.log_change(request, found, "Revoked.")
            messages.success(request, f"The token of {found} is refused from now on.")
        return HttpResponseRedirect(reverse("admin:ledger_feedtoken_change", args=[found.pk]))
