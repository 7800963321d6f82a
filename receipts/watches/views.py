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

from possys.clock import now_ms, utc
from possys.contact import masked
from receipts.access import find_linked
from receipts.http import STATUSES, set_headers
from receipts.limiting import limited
from receipts.limits import PAGES, WATCHES, client_of, count
from receipts.queries import RECORDED_STATES, State
from receipts.watches import operations
from receipts.watches.forms import WatchForm
from receipts.watches.models import Watch
from receipts.watches.tokens import Purpose, watch_id_of

# Only what is in the ledger, or will be in a moment, can be taken back.
WATCHABLE = frozenset({State.RECORDED, State.LATE, State.PARTLY_REFUNDED, State.ACCEPTED})
DEFAULT_LANGUAGE = "en"
BAD_REQUEST, NOT_FOUND = 400, 404

reads_and_posts = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt
@reads_and_posts
@limited(PAGES)
def watch(request: HttpRequest, ending: str) -> HttpResponse:
    """The form for an address; the answer to a good one is the same whether or not it watches already."""
    finding = find_linked(request, ending)
    if finding.state in RECORDED_STATES - WATCHABLE:
        # Nothing more can be taken back of it; the receipt's own page says so.
        return redirect("linked", ending=ending)
    if finding.state not in WATCHABLE:
        page = f"receipts/{finding.state}.html"
        response = render(request, page, {"finding": finding}, status=STATUSES[finding.state])
        set_headers(response, finding.state)
        return response
    form = WatchForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"finding": finding, "ending": ending, "form": form}
    if not form.is_valid():
        return _page(request, "ask", BAD_REQUEST if form.is_bound else 200, **context)
    count(WATCHES, client_of(request))
    address = form.cleaned_data["address"]
    if not form.cleaned_data["leave_empty"]:
        operations.ask(finding.code, address, get_language() or DEFAULT_LANGUAGE, utc(now_ms()))
    return _page(request, "asked", **context, address=address)


@csrf_exempt
@reads_and_posts
@limited(PAGES)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks with a button, POST confirms and shows what has been taken back so far."""
    watch_id = watch_id_of(token, Purpose.CONFIRM)
    found: Watch | None = None
    if watch_id is not None and request.method == "POST":
        found = operations.confirm(watch_id, utc(now_ms()))
    elif watch_id is not None:
        found = Watch.objects.filter(pk=watch_id).first()
    if found is None:
        return _page(request, "gone", NOT_FOUND)
    context: dict[str, Any] = {"watch": found, "address": masked(found.address)}
    if found.confirmed_at is None:
        return _page(request, "confirm", **context)
    return _page(request, "confirmed", **context, corrections=operations.shown_at_confirmation(found))


@csrf_exempt
@reads_and_posts
def remove(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks with a button, POST removes; a mail program's one-click POST (RFC 8058) comes here, too."""
    watch_id = watch_id_of(token, Purpose.REMOVE)
    if watch_id is None:
        return _page(request, "gone", NOT_FOUND)
    if request.method == "POST":
        operations.remove(watch_id)
        return _page(request, "removed")
    found = Watch.objects.filter(pk=watch_id).first()
    if found is None:
        return _page(request, "removed")
    return _page(request, "remove", watch=found, address=masked(found.address))


def _page(request: HttpRequest, name: str, status: int = 200, **context: Any) -> HttpResponse:
    response = render(request, f"receipts/watches/{name}.html", {**operations.SPANS, **context}, status=status)
    # It shows an address, or stands at an address that is a secret.
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
