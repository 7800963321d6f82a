"""The customer's pages: three ways to find a receipt, and the receipt."""

import time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from possys.codes import CodeError
from possys.links import LINKED_LENGTH
from receipts.access import find_linked, is_total
from receipts.alarms import alarm_if_missing
from receipts.amounts import AmountError
from receipts.http import FIND_KEPT_S, STATUSES, camera_page, let_fetch, set_headers
from receipts.limiting import limited
from receipts.limits import PAGES
from receipts.offline import find_offline
from receipts.offline_address import is_offline
from receipts.paper.copied import copied
from receipts.queries import MISSES, Finding, State, find_receipt
from receipts.receipt import written_code
from receipts.search.forms import SearchForm
from receipts.timing import CODE_MISS_MS, hold


@require_safe
@cache_control(public=True, max_age=FIND_KEPT_S)
@camera_page
def find(request: HttpRequest) -> HttpResponse:
    """The three ways to a receipt: scan its QR code, type its code, or tell what else is printed on it."""
    return render(request, "receipts/find.html", {"search": SearchForm(), "may_scan": True})


@require_safe
@camera_page
def typed(request: HttpRequest) -> HttpResponse:
    """Where the field's form leads: on to the code's page, to a pasted link's, or back with what is wrong."""
    text = request.GET.get("code", "").strip()
    if not text:
        return redirect("find")
    ending = text.rpartition("/")[2]
    if is_offline(ending):
        return redirect("offline", text=ending)
    if len("".join(filter(str.isalnum, ending))) == LINKED_LENGTH:
        return redirect("linked", ending=ending.upper())
    try:
        return redirect("receipt", code=written_code(text))
    except CodeError as fault:
        return _state_page(request, Finding(State.MISTYPED, text, fault=fault), may_scan=True)


# No session and no cookie that gives a right: a forged form of another site could do nothing that it could not itself.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited(PAGES)
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """What somebody sees who knows a receipt's code only; its total opens the rest. Other spellings lead here."""
    started_s = time.monotonic()
    try:
        written = written_code(code)
    except CodeError:
        written = code
    if written != code:
        return redirect("receipt", code=written, permanent=True)
    finding = find_receipt(code)
    alarm_if_missing(finding)
    if not finding.is_recorded:
        return _said(request, finding, started_s)
    if request.method != "POST":
        return _typed_page(request, finding)
    total = request.POST.get("total", "")
    try:
        if is_total(request, finding, total):
            response = HttpResponseRedirect(reverse("linked", kwargs={"ending": finding.ending}), status=303)
            response["Cache-Control"] = "no-store"
            return response
    except AmountError as fault:
        return _typed_page(request, finding, status=400, total=total, fault=fault)
    hold(started_s, CODE_MISS_MS)
    return _typed_page(request, finding, status=403, total=total, is_wrong=True)


@require_safe
@limited(PAGES)
def linked(request: HttpRequest, ending: str) -> HttpResponse:
    """The whole receipt, for whoever holds the link that its QR code has."""
    started_s = time.monotonic()
    return _said(request, find_linked(request, ending), started_s)


@require_safe
@limited(PAGES)
def offline(request: HttpRequest, text: str) -> HttpResponse:
    """A receipt that was printed while its till was offline; one that the till corrected is shown with what differs."""
    started_s = time.monotonic()
    finding = find_offline(request, text)
    if finding.is_recorded and not finding.is_corrected:
        return redirect("linked", ending=finding.ending)
    return _said(request, finding, started_s)


def _said(request: HttpRequest, finding: Finding, started_s: float) -> HttpResponse:
    """The page of a finding; misses are held, so that their time tells nothing."""
    if finding.state in MISSES:
        hold(started_s, CODE_MISS_MS)
    if not finding.is_recorded:
        return _state_page(request, finding)
    context = {"finding": finding, "verdict": _verdict(finding), "copied": copied(finding.code)}
    response = render(request, "receipts/recorded.html", context)
    set_headers(response, finding.state)
    let_fetch(response)
    return response


def _state_page(request: HttpRequest, finding: Finding, *, may_scan: bool = False) -> HttpResponse:
    template = f"receipts/{finding.state}.html"
    context = {"finding": finding, "search": SearchForm(), "may_scan": may_scan}
    response = render(request, template, context, status=STATUSES[finding.state])
    set_headers(response, finding.state)
    return response


def _typed_page(request: HttpRequest, finding: Finding, *, status: int = 200, **said: Any) -> HttpResponse:
    context = {"finding": finding, "verdict": _verdict(finding), **said}
    response = render(request, "receipts/typed.html", context, status=status)
    set_headers(response, finding.state)
    return response


def _verdict(finding: Finding) -> str:
    """The fragment with the state's sentence; a refund's or void's own receipt has its own."""
    sale = finding.receipt and finding.receipt.sale
    name = finding.state if sale is None or sale.type == "sale" else sale.type
    return f"receipts/verdicts/{name}.html"


@require_safe
@cache_control(public=True, max_age=FIND_KEPT_S)
def robots(request: HttpRequest) -> HttpResponse:
    """Keeps receipts out of search engines."""
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")
