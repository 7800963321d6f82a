"""The dashboards' pages: each reads its address, asks for its data, and shows it.

When its script asks for news (`Possys-Part: live`) a page answers with the part below the filters alone, or with 304
while nothing new is counted.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import menus, reading, sheets, tables
from analytics.files import file_of
from analytics.filters import FIRST_DAY, Filters
from analytics.front import state
from analytics.pages import PageData
from analytics.queries.completeness import complete_to
from analytics.queries.receipts import AfterError, all_receipts, receipts
from analytics.receipts import slips
from portal import frame
from portal.access import portal_page
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.files import ROWS_MAX
from portal.sheets.tables import laid_out

PART_HEADER = "Possys-Part"
# How often a page whose period is not over asks for news.
LIVE_EVERY_S = 10
# What the list of receipts shows when it is not asked for days.
RECEIPTS_PERIOD = "7d"


@require_safe
@portal_page(Right.SEE_FIGURES)
def sheet(request: HttpRequest, scope: Scope, key: str) -> HttpResponse:
    """One page of figures and panels."""
    query = reading.with_period(request.GET)
    if query is not None:
        return HttpResponseRedirect(f"?{query}")
    now = timezone.localtime()
    page = sheets.SHEETS[key]
    filters, faults = reading.asked(request.GET, scope, now, page.period)
    is_part = request.headers.get(PART_HEADER) == "live"
    tag = _tag(filters, scope) if is_part else ""
    if tag and request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    context = _frame(scope, key, filters, faults, is_part=is_part) | _contents(scope, page, filters, now)
    response = frame.render(request, scope, "analytics/sheet.html", context, status=400 if faults else 200)
    if tag:
        response["ETag"] = tag
    return response


@require_safe
@portal_page(Right.SEE_RECEIPTS)
def receipt_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The receipts behind a figure, the newest first; `after` goes on from where a page ended."""
    query = reading.with_period(request.GET)
    if query is not None:
        return HttpResponseRedirect(f"?{query}")
    filters, faults = reading.asked(request.GET, scope, timezone.localtime(), RECEIPTS_PERIOD)
    chosen = filters.chosen(scope.store_ids)
    after = request.GET.get("after", "")
    try:
        found = receipts(filters, chosen, after)
    except AfterError as error:
        faults = {**faults, "after": str(error)}
        found = receipts(filters, chosen)
    context = _frame(scope, sheets.RECEIPTS, filters, faults, is_part=False) | {
        "page": sheets.RECEIPTS_SHEET,
        "slips": slips(found, timezone.get_current_timezone()),
        "found": found,
        "kinds": menus.kinds(filters),
        "next_url": f"?{filters.query()}&after={found.after}" if found.after else "",
        "first_url": f"?{filters.query()}" if after else "",
        "complete_to": complete_to(chosen),
        "live_every_s": 0,
    }
    return frame.render(request, scope, "analytics/receipts.html", context, status=400 if faults else 200)


@require_safe
@portal_page(Right.EXPORT)
def sheet_file(request: HttpRequest, scope: Scope, key: str, form: str) -> HttpResponse:
    """What stands on a page, as a file. A faulty address is refused: a file does not show what was left out of it."""
    now = timezone.localtime()
    page = sheets.SHEETS[key]
    filters, faults = reading.asked(request.GET, scope, now, page.period)
    if faults:
        return _refused(request, scope, page, faults)
    return file_of(scope, page.title, filters, sheets.read(scope, page, filters, now), form, now)


@require_safe
@portal_page(Right.EXPORT_RECEIPTS)
def receipt_file(request: HttpRequest, scope: Scope, form: str) -> HttpResponse:
    """The list of receipts as a file, up to what exports.ROWS_MAX allows."""
    now = timezone.localtime()
    filters, faults = reading.asked(request.GET, scope, now, RECEIPTS_PERIOD)
    if faults:
        return _refused(request, scope, sheets.RECEIPTS_SHEET, faults)
    chosen = filters.chosen(scope.store_ids)
    data = PageData([], [all_receipts(filters, chosen, ROWS_MAX)], complete_to(chosen))
    return file_of(scope, sheets.RECEIPTS_SHEET.title, filters, data, form, now)


def _refused(request: HttpRequest, scope: Scope, page: Any, faults: dict[str, str]) -> HttpResponse:
    context = {"page": page, "faults": faults}
    return frame.render(request, scope, "portal/sheets/refused.html", context, status=400)


@require_safe
@portal_page(Right.SEE_FIGURES)
def definitions(request: HttpRequest, scope: Scope) -> HttpResponse:
    """What every figure and list means, all on one page."""
    now = timezone.localtime()
    # Nothing was sold then, so that the texts cost little.
    filters, _ = reading.asked(QueryDict(), scope, now, str(FIRST_DAY))
    context = {
        "tabs": sheets.tabs(scope, "", ""),
        "tabs_of": "Sales",
        "meanings": [(page, sheets.read(scope, page, filters, now)) for page in sheets.SHEETS.values()],
        "page": sheets.DEFINITIONS_SHEET,
    }
    return frame.render(request, scope, "analytics/definitions.html", context)


def _tag(filters: Filters, scope: Scope) -> str:
    """Changes when a sale was counted, or an hour is over, which changes what is compared."""
    moment = complete_to(filters.chosen(scope.store_ids))
    return f'"{moment.timestamp()}-{filters.today}-{filters.hour_now}"' if moment else ""


def _frame(scope: Scope, key: str, filters: Filters, faults: dict[str, str], *, is_part: bool) -> dict[str, Any]:
    """What every page has around its contents."""
    return {
        "layout": "analytics/part.html" if is_part else "analytics/base.html",
        "tabs": sheets.tabs(scope, key, filters.query()),
        "tabs_of": "Sales",
        "bar": menus.bar(filters, scope.stores, compares=key in sheets.COMPARING),
        "faults": faults,
        "files": sheets.files(scope, key, filters.query()),
        "definitions_url": reverse("sales-definitions", args=[scope.retailer_id]),
        "today": filters.today,
        "live_every_s": LIVE_EVERY_S if filters.until is not None else 0,
    }


def _contents(scope: Scope, page: sheets.Sheet, filters: Filters, now: datetime) -> dict[str, Any]:
    data = sheets.read(scope, page, filters, now)

    def address(link: str) -> str:
        return sheets.address(scope, link)

    zone = timezone.get_current_timezone()
    is_front = page.key == "overview"
    signs = state(filters, scope.store_ids, now) if is_front else []
    shown = [tables.table(panel, address, zone, filters, with_more=is_front) for panel in data.panels]
    return {
        "page": page,
        "data": data,
        "complete_to": data.complete_to,
        "others": [menus.Choice(other, f"?{filters.query(currency=other)}", False) for other in data.other_currencies],
        "signs": signs,
        "is_well": all(sign.is_well for sign in signs),
        "health_url": address(f"health?{filters.query(period='today')}"),
        "stats": [tables.stat(figure, address) for figure in data.figures],
        "tables": laid_out(shown),
        "categories": menus.categories(filters, data.panels),
        "with_search": page.key == "products",
    }
