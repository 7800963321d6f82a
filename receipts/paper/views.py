"""The receipt on paper, for whoever holds its link: QR code, commands for receipt printers, PDF."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from possys import receipt_keys
from possys.qr import qr_svg
from receipts.access import NotLinkedError, linked_code
from receipts.http import STATUSES, set_headers
from receipts.limiting import too_many
from receipts.limits import PAGES, Limit, LimitReachedError, client_of, count
from receipts.paper import escpos
from receipts.paper.copied import copied
from receipts.paper.pdf import receipt_pdf
from receipts.queries import MISSES, Finding, State, find_receipt

# A PDF takes 0.15 s of a processor, many times what a page takes; nobody needs one every three seconds.
PDFS = Limit("pdfs", 20, 60)
FORMS: dict[str, escpos.Maker] = {"native": escpos.qr, "raster": escpos.qr_raster}


@require_safe
def qr(request: HttpRequest, ending: str) -> HttpResponse:
    """The QR code as SVG; it says nothing that the address does not, so nothing is looked up."""
    try:
        code = _linked(request, ending)
    except (NotLinkedError, LimitReachedError) as refusal:
        return _refused(request, refusal)
    return _file(qr_svg(receipt_keys.links().of(code)), "image/svg+xml", f"qr-{code}.svg")


@require_safe
def printer(request: HttpRequest, ending: str) -> HttpResponse:
    """The QR code as ESC/POS: `?form=native` or `raster`, `?module=` dots of a printer's head for a module."""
    try:
        code = _linked(request, ending)
    except (NotLinkedError, LimitReachedError) as refusal:
        return _refused(request, refusal)
    form = request.GET.get("form", "native")
    if form not in FORMS:
        return _said(_("The form must be native or raster."), 400)
    dots = request.GET.get("module", str(escpos.MODULE_DOTS))
    try:
        # Of digits only: int() would take "+6" and "６", too; nothing longer than the bound can be in it.
        module_dots = int(dots) if dots.isascii() and dots.isdigit() and len(dots) <= 2 else 0
        content = FORMS[form](receipt_keys.links().of(code), module_dots)
    except escpos.PaperTooNarrowError:
        return _said(_("The QR code would be wider than 58 mm paper: ask for a smaller module."), 400)
    except ValueError:
        bounds = {"least": escpos.MODULE_DOTS_MIN, "most": escpos.MODULE_DOTS_MAX}
        return _said(_("A module must be %(least)d to %(most)d dots wide.") % bounds, 400)
    response = _file(content, "application/octet-stream", f"qr-{code}.bin")
    response["Content-Disposition"] = f'attachment; filename="qr-{code}.bin"'
    return response


@require_safe
def pdf(request: HttpRequest, ending: str) -> HttpResponse:
    """The receipt as PDF; where there is none to print (not written yet, a test), on to the page that says so."""
    try:
        code = _linked(request, ending)
        count(PDFS, client_of(request))
    except (NotLinkedError, LimitReachedError) as refusal:
        return _refused(request, refusal)
    finding = find_receipt(code)
    if finding.state in MISSES:
        return _refused(request, NotLinkedError())
    if finding.receipt is None:
        response = HttpResponse(status=303, headers={"Location": reverse("linked", kwargs={"ending": finding.ending})})
        set_headers(response, State.ACCEPTED)
        return response
    content = receipt_pdf(finding.receipt, receipt_keys.links().of(code), _remarks(finding), copied(code))
    return _file(content, "application/pdf", f"receipt-{code}.pdf")


def _remarks(finding: Finding) -> list[str]:
    """What became of the receipt: a PDF of one that was taken back must not pass for a proof of purchase."""
    said = {
        State.REFUNDED: _("Refunded in whole"),
        State.PARTLY_REFUNDED: _("Refunded in part"),
        State.VOIDED: _("Cancelled"),
    }
    return [said[finding.state]] if finding.state in said else []


def _linked(request: HttpRequest, ending: str) -> str:
    """The code of an address' end. Raises NotLinkedError or LimitReachedError; wrong keys are counted."""
    count(PAGES, client_of(request))
    return linked_code(request, ending)


def _refused(request: HttpRequest, refusal: NotLinkedError | LimitReachedError) -> HttpResponse:
    if isinstance(refusal, LimitReachedError):
        return too_many(request, refusal)
    response = render(request, "404.html", status=STATUSES[State.NOT_GENUINE])
    set_headers(response, State.NOT_GENUINE)
    return response


def _said(sentence: str, status: int) -> HttpResponse:
    response = HttpResponse(f"{sentence}\n", content_type="text/plain; charset=utf-8", status=status)
    set_headers(response, State.NOT_GENUINE)
    return response


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    set_headers(response, State.RECORDED)
    return response
