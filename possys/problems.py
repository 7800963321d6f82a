"""Problem documents (RFC 9457): every error of the API is one, always JSON."""

from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, NotAuthenticated, NotFound, Throttled
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied
from rest_framework.views import set_rollback

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:possys:problem:"
HTTP_UNAUTHORIZED = 401


def problem(status: int, name: str, title: str, detail: str, **members: Any) -> HttpResponse:
    """A problem document as an answer; `name` ends its type URN, `members` are its further members."""
    body = {"type": TYPE_PREFIX + name, "title": title, "status": status, "detail": detail, **members}
    return HttpResponse(msgspec.json.encode(body), content_type=MEDIA_TYPE, status=status)


def exception_handler(fault: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Django REST framework's exceptions as problem documents; None lets any other become a 500."""
    if isinstance(fault, Http404):
        fault = NotFound()
    elif isinstance(fault, PermissionDenied):
        fault = ApiPermissionDenied()
    if not isinstance(fault, APIException):
        return None
    set_rollback()
    code = str(getattr(fault, "default_code", "error")).replace("_", "-")
    response = problem(fault.status_code, code, code.replace("-", " ").capitalize(), str(fault.detail))
    if fault.status_code == HTTP_UNAUTHORIZED or isinstance(fault, NotAuthenticated):
        response["WWW-Authenticate"] = "Bearer"
    wait: float | None = getattr(fault, "wait", None)
    if isinstance(fault, Throttled) and wait is not None:
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for what Django itself refuses before any view."""
    return problem(400, "bad-request", "Bad request", "The request could not be read.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 under /api/."""
    return problem(404, "not-found", "Not found", f"There is nothing at {request.path}. See /api/docs/.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500 under /api/, with advice that is always right."""
    return problem(
        500, "server-error", "Internal error", "Something failed here. Sending the same bytes again is safe."
    )
