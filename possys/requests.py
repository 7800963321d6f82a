"""What happens around every request: its id, its time, and who it was counted for.

It stands outside Django, because tills' requests pass by Django's middleware (possys/wsgi.py). Its id is in the answer
(`X-Request-ID`), in every line that is logged meanwhile, and where staff's acts are kept.
"""

import logging
import os
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from possys import pulse
from possys.pulse import REQUEST_SECONDS
from possys.tracing import span

logger = logging.getLogger(__name__)

REQUEST_ID = "possys.request_id"
HEADER = "X-Request-ID"
# What a proxy of ours may have given it; anything else could forge lines of a log.
GIVEN_ID = re.compile(r"[0-9A-Za-z._-]{8,64}", re.ASCII)
ID_BYTES = 8
# A till gives up after two seconds, and a person soon after; whoever reads the log wants to know of each.
SLOW_S = 2.0
# Where sales are taken: what these answer, and how fast, is what tills and their customers wait for.
CAPTURE_PATHS = frozenset({"/api/v1/transactions", "/api/v1/transactions/batch"})
CAPTURE = "capture"
# The beginnings of other addresses, and what their requests are counted as; the first that fits.
AREAS = (
    ("/static/", "static"),
    ("/api/v1/transactions/", "till"),
    ("/api/v1/enrolments", "till"),
    ("/api/v1/credentials", "till"),
    ("/api/v1/terminal", "till"),
    ("/api/v1/receipts", "lookup"),
    ("/api/", "api"),
    ("/portal/", "portal"),
    ("/admin/", "admin"),
    ("/log/", "log"),
    ("/metrics", "probe"),
    ("/healthz", "probe"),
    ("/readyz", "probe"),
)
SITE = "site"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Any]


def area_of(path: str) -> str:
    """What a request is counted as."""
    if path in CAPTURE_PATHS:
        return CAPTURE
    return next((area for beginning, area in AREAS if path.startswith(beginning)), SITE)


def watched(application: Application) -> Application:
    """The application with an id, a time and a count for each request."""

    def watching(environ: Environ, start_response: StartResponse) -> Any:
        began_s = time.perf_counter()
        found = environ[REQUEST_ID] = _given_id(environ) or os.urandom(ID_BYTES).hex()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=found)
        status = "500"

        def starting(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, [*headers, (HEADER, found)], *rest)

        area = area_of(environ.get("PATH_INFO", ""))
        try:
            with span(f"{environ.get('REQUEST_METHOD', '')} {area}", request_id=found, area=area) as spanned:
                answer = application(environ, starting)
                spanned(status=status)
                return answer
        finally:
            took_s = time.perf_counter() - began_s
            pulse.observe(REQUEST_SECONDS, took_s, area=area)
            pulse.add("requests", area=area, status=status)
            if took_s >= SLOW_S:
                # Without the address, which may be a secret (docs/security.md); the proxy's log has the same id.
                logger.warning("a request of %s took %.1f s and was answered %s", area, took_s, status)
            # The thread goes on with other work, whose lines are not this request's.
            structlog.contextvars.clear_contextvars()

    return watching


class RequestIdMiddleware:
    """Gives the id to Django's views as `request.id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = request.META.setdefault(REQUEST_ID, os.urandom(ID_BYTES).hex())  # type: ignore[attr-defined]
        return self.get_response(request)


def _given_id(environ: Environ) -> str:
    """The one that our own proxy gave it; without a proxy it would be the client's word."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if settings.PROXIES else ""
    return given if GIVEN_ID.fullmatch(given) else ""
