"""How often one client may ask for what is below an address: the widest limits, before any work is done.

They keep the site usable and guard nothing, so without the cache everybody passes. Narrower limits stand where the work
is (`Limit(` in the apps); tills are counted by their credential alone, past this (possys/wsgi.py). The table for
operators is in docs/security.md.
"""

import math
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from possys.limits import Limit, LimitReachedError, client_of, count
from possys.problems import problem

Answering = Callable[[HttpRequest], HttpResponse]
S_PER_MINUTE = 60
# Of the addresses that a path begins with, the first counts. An office, or all players of one carrier, is one client.
AREAS: tuple[tuple[str, Limit | None], ...] = (
    # Whoever watches the service asks from one address, and must see it when everything else is busy.
    ("/healthz", None),
    ("/readyz", None),
    ("/metrics", None),
    # Kept by browsers for good once they were fetched, and served by nginx in production.
    ("/static/", None),
    # Pages that read half the database: people, not programs.
    ("/admin/", Limit("area-admin", 1200, 60)),
    # An open dashboard asks every few seconds.
    ("/portal/", Limit("area-portal", 3000, 60)),
    ("/account/", Limit("area-account", 300, 60)),
    # A mirror that starts fetches every tile of the log once.
    ("/log/", Limit("area-log", 6000, 60)),
    # The schema is made anew for each request, which takes a processor about a second.
    ("/api/schema/", Limit("area-schema", 30, 60)),
    ("/api/docs/", Limit("area-docs", 60, 60)),
    ("/api/v1/status", Limit("area-status-json", 300, 60)),
    ("/status/", Limit("area-status", 300, 60)),
    # Each counted further in, by terminal, key, token or client: a carrier has a hundred thousand tills at one address.
    ("/api/", None),
    ("/lottery/", Limit("area-lottery", 1200, 60)),
    # Receipts, enrolment codes' pages and what does not exist.
    ("/", Limit("area-site", 1200, 60)),
)


class AreaLimitsMiddleware:
    """Counts each request of a client; past the limit it is answered 429 at once."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Raises nothing: a limit that is reached is an answer."""
        limit = limit_of(request.path_info)
        if limit is not None:
            try:
                count(limit, client_of(request))
            except LimitReachedError as reached:
                return _too_many(request, reached)
        return self.get_response(request)


def limit_of(path: str) -> Limit | None:
    """What a path is counted by."""
    return next(limit for beginning, limit in AREAS if path.startswith(beginning))


def _too_many(request: HttpRequest, reached: LimitReachedError) -> HttpResponse:
    """A problem for programs, a page for people."""
    path = request.path_info
    if path.startswith(("/api/", "/log/")):
        answer = problem(429, "too-many-requests", "Too many requests", "Ask again later.")
    elif path.startswith(("/admin/", "/portal/", "/account/")):
        answer = render(request, "accounts/too_many_requests.html", status=429)
    else:
        minutes = math.ceil(reached.retry_after_s / S_PER_MINUTE)
        answer = render(request, "receipts/too-many.html", {"minutes": minutes}, status=429)
    answer["Retry-After"] = str(reached.retry_after_s)
    patch_cache_control(answer, no_store=True)
    return answer
