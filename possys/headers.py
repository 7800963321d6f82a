"""The headers of every answer: the content security policy of django-csp, and what else browsers are told.

All of it stands in settings.py. A view that needs more says so itself: with `response._csp_update` (django-csp's
decorators do that), or by setting a header, which then stays.
"""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
# What somebody sees who is signed in is kept by no browser and no cache.
PRIVATE = "private, no-store"


class HeadersMiddleware(CSPMiddleware):
    """django-csp's, with what pages below an address need besides, and the other headers."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The settings' policy, the area's and the view's own needs together."""
        parts = super().get_policy_parts(request, response, report_only)
        area = next((more for path, more in _areas() if request.path_info.startswith(path)), None)
        if area is not None and not report_only and parts.config is None:
            parts.update = {**area, **(parts.update or {})}
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Sets what the view has not set itself."""
        answer = super().process_response(request, response)
        headers = answer.headers
        headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Not as a view likes it: Swagger UI's opens itself to windows of sign-in services, of which there are none.
        headers["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
        if "Cache-Control" not in headers and _is_signed_in(request):
            headers["Cache-Control"] = PRIVATE
        return answer


def _areas() -> list[tuple[str, dict[str, Any]]]:
    below: Any = settings.CONTENT_SECURITY_POLICY_BELOW
    return list(below.items())


def _is_signed_in(request: HttpRequest) -> bool:
    """Whether the answer may depend on who asked: a session that the view has read or written."""
    session = getattr(request, "session", None)
    return session is not None and session.accessed and not session.is_empty()
