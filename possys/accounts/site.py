"""The admin's site: staff get in with a second factor where it is compulsory."""

from django.conf import settings
from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """unfold's, behind a second factor. Its login is the portal's (possys/urls.py)."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, and outside local work with a code that this session was proven with."""
        if not super().has_permission(request):
            return False
        return not settings.STAFF_SECOND_FACTOR or is_proven(request)


def is_proven(request: HttpRequest) -> bool:
    """Whether this session gave a second factor; False where the middleware that would know is not there."""
    return bool(getattr(request.user, "otp_device", None))
