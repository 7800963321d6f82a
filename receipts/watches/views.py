"""The pages of a watch: ask for it, confirm it, remove it.

A GET changes nothing anywhere here, because mail scanners follow every link. The forms are exempt from CSRF's check:
there is no session and no cookie, so another site's page can do no more than anybody can with the link or the token.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from possys import receipt_keys
from possys.clock import now_ms, utc
from receipts.access import find_linked
from receipts.http import STATUSES, public_page, set_headers
from receipts.limits import PAGES, WATCHES, LimitReachedError, client_of, count
from receipts.queries import RECORDED_STATES, State
from receipts.watches import operations
from receipts.watches.forms import WatchForm
from receipts.watches.models import Watch
from receipts.watches.tokens import Purpose, watch_id_of

# Only what is in the ledger, or will be in a moment, can be taken back.
WATCHABLE = frozenset({State.RECORDED, State.LATE, State.PARTLY_REFUNDED, State.ACCEPTED})
DEFAULT_LANGUAGE = "en"
BAD_REQUEST, GONE, TOO_MANY = 400, 404, 429

reads_and_posts = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt
@reads_and_posts
@public_page
def watch(request: HttpRequest, ending: str) -> HttpResponse:
    """The form for an address; the answer to a good one is the same whether or not it watches already."""
    try:
        count(PAGES, client_of(request))
        finding = find_linked(request, ending)
        if finding.state in RECORDED_STATES - WATCHABLE:
            # Nothing more can be taken back of it; the receipt's own page says so.
            return redirect("linked", ending=receipt_keys.links().ending_of(finding.code))
        if finding.state not in WATCHABLE:
            response = render(
                request, f"receipts/{finding.state}.html", {"finding": finding}, status=STATUSES[finding.state]
            )
            set_headers(response, finding.state)
            return response
        form = WatchForm(request.POST if request.method == "POST" else None)
        ending = receipt_keys.links().ending_of(finding.code)
        context: dict[str, Any] = {"finding": finding, "ending": ending, "form": form}
        if not form.is_valid():
            return _page(request, "ask", BAD_REQUEST if form.is_bound else 200, **context)
        count(WATCHES, client_of(request))
    except LimitReachedError as limit:
        return _too_many(request, limit)
    if not form.cleaned_data["leave_empty"]:
        address = form.cleaned_data["address"]
        operations.ask(finding.code, address, get_language() or DEFAULT_LANGUAGE, utc(now_ms()))
    return _page(request, "asked", **context, address=form.cleaned_data["address"])


@csrf_exempt
@reads_and_posts
@public_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks with a button, POST confirms and shows what has been taken back so far."""
    try:
        count(PAGES, client_of(request))
    except LimitReachedError as limit:
        return _too_many(request, limit)
    watch_id = watch_id_of(token, Purpose.CONFIRM)
    found: Watch | None = None
    if watch_id is not None:
        if request.method == "POST":
            found = operations.confirm(watch_id, utc(now_ms()))
        else:
            found = Watch.objects.filter(pk=watch_id).first()
    if found is None:
        return _page(request, "gone", GONE)
    context: dict[str, Any] = {"watch": found, "address": operations.masked(found.address)}
    if found.confirmed_at is None:
        return _page(request, "confirm", **context)
    return _page(request, "confirmed", **context, corrections=operations.shown_at_confirmation(found))


@csrf_exempt
@reads_and_posts
@public_page
def remove(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks with a button, POST removes; a mail program's one-click POST (RFC 8058) comes here, too."""
    watch_id = watch_id_of(token, Purpose.REMOVE)
    if watch_id is None:
        return _page(request, "gone", GONE)
    if request.method == "POST":
        operations.remove(watch_id)
        return _page(request, "removed")
    found = Watch.objects.filter(pk=watch_id).first()
    if found is None:
        return _page(request, "removed")
    return _page(request, "remove", watch=found, address=operations.masked(found.address))


def _page(request: HttpRequest, name: str, status: int = 200, **context: Any) -> HttpResponse:
    response = render(request, f"receipts/watches/{name}.html", {**operations.SPANS, **context}, status=status)
    # It shows an address, or stands at an address that is a secret.
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _too_many(request: HttpRequest, limit: LimitReachedError) -> HttpResponse:
    minutes = -(-limit.retry_after_s // 60)
    response = _page(request, "too-many", TOO_MANY, minutes=minutes)
    response["Retry-After"] = str(limit.retry_after_s)
    return response
