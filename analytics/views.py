"""The dashboards' pages: each reads its address, asks analytics.pages for its data, and shows it.

When its script asks for news (`Possys-Part: live`) the same address answers with the part below the filters alone, or with
304 while nothing new is counted.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import menus, tables
from analytics.filters import Filters, FiltersError, UnknownStoreError
from analytics.queries.completeness import complete_to
from analytics.sheets import SHEETS, Sheet, tabs
from portal import frame
from portal.access import portal_page
from portal.rights import Right
from portal.scope import Scope

# The fields of the form for days of one's own choice, which become one `period`.
FROM, TO = "from", "to"
PART_HEADER = "Possys-Part"
# How often a page whose period is not over asks for news.
LIVE_EVERY_S = 10


@require_safe
@portal_page(Right.SEE_FIGURES)
def sheet(request: HttpRequest, scope: Scope, key: str = "overview") -> HttpResponse:
    """One page of figures and panels."""
    if FROM in request.GET or TO in request.GET:
        return HttpResponseRedirect(f"{request.path}?{_with_days(request)}")
    page = SHEETS[key]
    now = timezone.localtime()
    filters, faults = _read(request, scope, now, page.period)
    is_part = request.headers.get(PART_HEADER) == "live"
    tag = _tag(filters, scope) if is_part else ""
    if is_part and request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    context = _context(scope, page, filters, now)
    context |= {"faults": faults, "layout": "analytics/part.html" if is_part else "analytics/base.html"}
    response = frame.render(request, scope, "analytics/sheet.html", context, status=400 if faults else 200)
    if is_part:
        response["ETag"] = tag
    return response


def _read(request: HttpRequest, scope: Scope, now: datetime, period: str) -> tuple[Filters, dict[str, str]]:
    """The filters of the address; what is faulty in it is left out, with what is wrong. Raises Http404."""
    asked = dict(request.GET.lists())
    try:
        try:
            return Filters.read(asked, scope.store_ids, now, period=period), {}
        except FiltersError as error:
            kept = {name: values for name, values in asked.items() if name not in error.faults}
            return Filters.read(kept, scope.store_ids, now, period=period), error.faults
    except UnknownStoreError as error:
        raise Http404 from error


def _with_days(request: HttpRequest) -> str:
    """The address's query with two dates as one period."""
    first, last = (request.GET.get(name, "") for name in (FROM, TO))
    kept = [(name, value) for name, values in request.GET.lists() for value in values if name not in {FROM, TO, "period"}]
    return urlencode([("period", f"{first or last}..{last or first}"), *kept])


def _tag(filters: Filters, scope: Scope) -> str:
    """Changes when a sale was counted, or an hour is over, which changes what is compared."""
    moment = complete_to(filters.chosen(scope.store_ids))
    return f'"{moment.timestamp() if moment else ""}-{filters.today}-{filters.hour_now}"'


def _context(scope: Scope, page: Sheet, filters: Filters, now: datetime) -> dict[str, Any]:
    data = page.read(filters, scope.store_ids, now)

    def address(link: str) -> str:
        key, _, query = link.partition("?")
        return f"{reverse(f'sales-{key}', args=[scope.retailer_id])}?{query}"

    return {
        "page": page,
        "tabs": tabs(scope, page, filters.query()),
        "bar": menus.bar(filters, scope.stores, {}),
        "data": data,
        "stats": [tables.stat(figure, address) for figure in data.figures],
        "tables": [tables.table(panel, address, now.tzinfo) for panel in data.panels],
        "complete_to": data.complete_to,
        "live_every_s": LIVE_EVERY_S if filters.until_hour is not None else 0,
    }
