"""The admin's site: staff get in with a second factor where it is compulsory."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """unfold's, behind a second factor. Staff sign in and out as everybody does: the portal puts its views here."""

    sign_in: Callable[[HttpRequest], HttpResponse] | None = None
    sign_out: Callable[[HttpRequest], HttpResponse] | None = None
    new_password: Callable[[HttpRequest], HttpResponse] | None = None

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The way in; Django's own does not know of second factors and would let nobody in who has one to give."""
        if self.sign_in is None:
            raise Http404
        return self.sign_in(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The way out."""
        if self.sign_out is None:
            raise Http404
        return self.sign_out(request)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, and outside local work with a code that this session was proven with."""
        if not super().has_permission(request):
            return False
        return not settings.STAFF_SECOND_FACTOR or is_proven(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """One's own password; wrong old ones count like those at a sign-in."""
        if self.new_password is None:
            raise Http404
        return self.new_password(request)


def is_proven(request: HttpRequest) -> bool:
    """Whether this session gave a second factor; False where the middleware that would know is not there."""
    return bool(getattr(request.user, "otp_device", None))
