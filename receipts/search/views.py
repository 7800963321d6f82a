"""The page for a customer whose receipt has no readable code."""

import time

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from possys import receipt_keys
from receipts.http import RETRY_AFTER_S
from receipts.limiting import limits_said
from receipts.limits import SEARCHES, client_of, count
from receipts.search.forms import HONEYPOT, SearchForm
from receipts.search.queries import MATCHES_MAX, Facts, Match, search
from receipts.timing import hold

# Every miss is answered this long after it came: above what the largest store's search takes.
MISS_MS = 300


# No session and no cookie: a forged form of another site could do nothing that it could not do by itself.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limits_said
def without_code(request: HttpRequest) -> HttpResponse:
    """The form, and what it finds. The facts travel in the body, so that no address or log holds them."""
    if request.method != "POST":
        return _page(request, SearchForm())
    started_s = time.monotonic()
    form = SearchForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    count(SEARCHES, client_of(request))
    try:
        matches = _search(form)
    except (OperationalError, InterfaceError):
        response = _page(request, form, status=503, is_away=True)
        response["Retry-After"] = str(RETRY_AFTER_S)
        return response
    if not matches:
        hold(started_s, MISS_MS)
        return _page(request, form, status=404, is_missed=True)
    links = [_link(match) for match in matches]
    if len(matches) == 1:
        response = HttpResponseRedirect(links[0])
        response.status_code = 303
        response["Cache-Control"] = "no-store"
        return response
    if len(matches) > MATCHES_MAX:
        return _page(request, form, is_crowded=True)
    # Equal sales of one till in one minute differ in their lines at most; the paper in hand is one of them.
    return _page(request, form, matches=list(zip(matches, links, strict=True)))


def _search(form: SearchForm) -> list[Match]:
    facts = Facts(form.cleaned_data["number"], form.minute, form.cleaned_data["total"])
    found = search(facts)
    # A program that filled in what people do not see learns as little as from a miss, after the same work.
    return [] if form.cleaned_data[HONEYPOT] else found


def _link(match: Match) -> str:
    """The receipt's full address: who knows all three facts has the paper, and with it the right to see the lines."""
    return f"/{receipt_keys.links().ending_of(match.code)}"


def _page(request: HttpRequest, form: SearchForm, *, status: int = 200, **found: object) -> HttpResponse:
    response = render(request, "receipts/search.html", {"search": form, **found}, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
