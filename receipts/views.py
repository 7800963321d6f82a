"""The customer's pages: a field for the code, and the receipt."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from possys import receipt_keys
from possys.codes import CodeError
from receipts.http import FIND_KEPT_S, STATUSES, let_fetch, public_page, set_headers
from receipts.queries import Finding, State, find_receipt_to_check
from receipts.receipt import written_code


@require_safe
@cache_control(public=True, max_age=FIND_KEPT_S)
@public_page
def find(request: HttpRequest) -> HttpResponse:
    """The field for the code."""
    return render(request, "receipts/find.html")


@require_safe
@public_page
def typed(request: HttpRequest) -> HttpResponse:
    """Where the field's form leads: on to the receipt's own address, or back with what is wrong."""
    text = request.GET.get("code", "").strip()
    if not text:
        return redirect("find")
    try:
        return redirect("receipt", code=written_code(text))
    except CodeError as fault:
        return _page(request, Finding(State.MISTYPED, text, fault=fault))


@require_safe
@public_page
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """One receipt, at the address that is printed on it; other ways of writing the code lead there."""
    try:
        written = written_code(code)
    except CodeError:
        written = code
    if written != code:
        return redirect("receipt", code=written, permanent=True)
    return _page(request, find_receipt_to_check(code))


@require_safe
@public_page
def linked(request: HttpRequest, ending: str) -> HttpResponse:
    """One receipt, at the address in its QR code."""
    found = receipt_keys.links().read(ending)
    return _page(request, find_receipt_to_check(found.code) if found.is_right else Finding(State.NOT_FOUND, ""))


def _page(request: HttpRequest, finding: Finding) -> HttpResponse:
    template = f"receipts/{finding.state}.html"
    response = render(request, template, {"finding": finding}, status=STATUSES[finding.state])
    set_headers(response, finding.state)
    if finding.state is State.RECORDED:
        let_fetch(response)
    return response


@require_safe
@cache_control(public=True, max_age=FIND_KEPT_S)
def robots(request: HttpRequest) -> HttpResponse:
    """Keeps receipts out of search engines."""
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")
