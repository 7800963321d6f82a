"""Declared pages and forms for people: each reads its address, asks for its contents, and shows or saves them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.utils.text import slugify

from portal import frame
from portal.scope import Scope
from portal.sheets import linking
from portal.sheets.asking import Asking
from portal.sheets.files import NEVER, Cell, csv_of, xlsx_of
from portal.sheets.forms import FAULTS_SHOWN_MAX, FILE_FIELD, ROWS_SHOWN, Filled, FormPage, plain, posted
from portal.sheets.pages import PAGE_ROWS, ROWS_MAX, Contents, Page, Service
from portal.sheets.panels import Chart
from portal.sheets.tables import laid_out, stat, table
from possys.accounts.models import User

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def show_page(request: HttpRequest, scope: Scope, *, service: Service, page: Page) -> HttpResponse:
    """A page in the portal's frame; what its address asks for wrongly is said above it, and nothing else is shown."""
    now = timezone.localtime()
    asking = page.asks(request.GET, scope=scope, now=now)
    contents = _read(page, asking, scope, now, PAGE_ROWS) if asking.is_valid() else Contents()
    context = _frame(scope, service, page.tab or page.key, contents.title or page.title, page.lead) | {
        "page": page,
        "asking": asking,
        "contents": contents,
        "files": linking.files(scope, service, page, request.GET) if asking.is_valid() else [],
        "actions": linking.actions(scope, service, (*page.actions, *contents.actions)),
        "hints": linking.hints(scope, service, contents.hints),
        "today": now.date(),
        "next_url": linking.further(request.GET, contents.after),
        "first_url": linking.further(request.GET, "") if asking.data.get("after") else "",
        **_tables(scope, service, contents),
    }
    return frame.render(request, scope, page.template, context, status=200 if asking.is_valid() else 400)


def page_file(request: HttpRequest, scope: Scope, *, service: Service, page: Page, form: str) -> HttpResponse:
    """What stands on a page, as a file. A faulty address is refused: a file does not show what was left out of it."""
    now = timezone.localtime()
    asking = page.asks(request.GET, scope=scope, now=now)
    if not asking.is_valid():
        faults = {name: " ".join(map(str, texts)) for name, texts in asking.errors.items()}
        return frame.render(request, scope, "portal/sheets/refused.html", {"page": page, "faults": faults}, status=400)
    contents = _read(page, asking, scope, now, ROWS_MAX)
    title = contents.title or page.title
    head = _head(scope, service, title, asking, contents)
    if form == "csv":
        content = csv_of(head, contents.figures, contents.panels)
    else:
        named = f"{scope.retailer_name}: {title}"
        content = xlsx_of(named, head, contents.figures, contents.panels, _moving(contents, asking) or NEVER)
    response = HttpResponse(content, content_type=CONTENT_TYPES[form])
    name = f"{slugify(scope.retailer_name) or service.name}-{slugify(title)}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def show_form(request: HttpRequest, scope: Scope, *, service: Service, page: FormPage) -> HttpResponse:
    """A form: empty or filled in by its address, or as it was sent, with everything that is wrong with it."""
    now = timezone.localtime()
    if request.method != "POST":
        asked = _prefilled(request.GET)
        given = {**page.initial(scope, now, asked), **asked}
        return _form_page(request, scope, service, page, given)
    assert isinstance(request.user, User)
    file = request.FILES.get(FILE_FIELD)
    found = posted(page, request.POST.dict(), file, scope=scope, now=now)
    saved = found.save(scope, request.user, now)
    if saved is None:
        return _form_page(request, scope, service, page, request.POST.dict(), found)
    messages.success(request, saved.message)
    leads_to = (linking.address(scope, service, link) for link in (saved.link, page.back) if link)
    return HttpResponseRedirect(next((url for url in leads_to if url), request.path))


def _prefilled(query: QueryDict) -> dict[str, str]:
    """What an address fills in, but for rows, and for texts that no database takes."""
    given = {name: str(value) for name, value in query.items()}
    return {name: value for name, value in given.items() if name != "rows" and "\0" not in value}


def _read(page: Page, asking: Asking, scope: Scope, now: datetime, limit: int) -> Contents:
    return page.read(scope, {**asking.cleaned_data, "limit": limit}, now)


def _frame(scope: Scope, service: Service, current: str, title: str, lead: str) -> dict[str, Any]:
    return {
        "service": service,
        "title": title,
        "lead": lead,
        "tabs": linking.tabs(scope, service, current),
        "tabs_of": service.title,
    }


def _tables(scope: Scope, service: Service, contents: Contents) -> dict[str, Any]:
    def address(link: str) -> str:
        return linking.address(scope, service, link)

    zone = timezone.get_current_timezone()
    shown = [table(panel, address, zone) for panel in contents.panels]
    if len(shown) == 1:
        # The list is what the page is for.
        shown = [replace(shown[0], may_be_cut=False)]
    return {
        "stats": [stat(figure, address, needs_look=figure.needs_look) for figure in contents.figures],
        "tables": laid_out(shown),
        "has_charts": any(panel.chart is not Chart.NONE for panel in contents.panels),
    }


def _head(scope: Scope, service: Service, title: str, asking: Asking, contents: Contents) -> list[list[Cell]]:
    """The lines in front of a file: whose, what was asked for, how complete it is. Nothing of when it was made."""
    lines: list[list[Cell]] = [["Retailer", scope.retailer_name], ["Page", f"{service.title}: {title}"]]
    for bound in asking.filters:
        value = asking.cleaned_data.get(bound.name)
        if value not in {None, "", False}:
            lines.append([str(bound.label), _asked(bound.field, value)])
    if moment := _moving(contents, asking):
        lines.append(["Complete up to", moment])
    if contents.after:
        lines.append(["Note", f"Only the first {ROWS_MAX:,} rows. Ask for less for the rest."])
    return lines + [["Note", note] for note in contents.notes]


def _moving(contents: Contents, asking: Asking) -> datetime | None:
    """Up to when the file is complete, where that still says something: not of a period that was over by then.

    So the file of a period that is over is the same whenever it is made.
    """
    moment, last = contents.complete_to, asking.cleaned_data.get("last")
    return None if moment and last and timezone.localtime(moment).date() > last else moment


def _asked(field: Any, value: Any) -> str:
    """What was asked for, in words."""
    if value is True:
        return "yes"
    names = {str(key): str(name) for key, name in getattr(field, "choices", ()) or ()}
    return names.get(str(value), plain(value))


def _form_page(
    request: HttpRequest,
    scope: Scope,
    service: Service,
    page: FormPage,
    given: dict[str, Any],
    found: Filled | None = None,
) -> HttpResponse:
    back = service.page(page.back)
    faults = found.faults if found else {}
    general = (
        [(found.place(name), text) for name, texts in faults.items() if _is_general(name, page) for text in texts]
        if found
        else []
    )
    context = _frame(scope, service, (back.tab or back.key) if back else page.back, page.title, page.lead) | {
        "page": page,
        "form": found.form if found else _unbound(page, scope, given),
        "faults": {name: texts for name, texts in faults.items() if not name.startswith("rows")},
        "general": general[:FAULTS_SHOWN_MAX],
        "more_faults": max(0, len(general) - FAULTS_SHOWN_MAX),
        "rows": _shown_rows(page, scope, given, found),
        "template_row": _shown_row(page, scope, "__row__", {}) if page.rows else None,
        "columns": ", ".join(page.rows.base_fields) if page.rows else "",
        "about": page.about(scope, given),
        "back_url": linking.address(scope, service, page.back),
        "back_title": back.title if back else "Back",
    }
    return frame.render(request, scope, page.template, context, status=400 if found else 200)


def _is_general(name: str, page: FormPage) -> bool:
    known = page.form.base_fields.get(name)
    # Nobody sees what stands at a field that is hidden.
    return name == "" or name.split(".", maxsplit=1)[0] == "rows" or known is None or known.widget.is_hidden


def _unbound(page: FormPage, scope: Scope, given: dict[str, Any]) -> Any:
    values = {name: value for name, value in given.items() if name != "rows"}
    return page.form(None, scope=scope, now=timezone.localtime(), initial=values)


def _shown_rows(page: FormPage, scope: Scope, given: dict[str, Any], found: Filled | None) -> list[Any]:
    """The rows as they were sent, or are filled in beforehand, and empty ones behind."""
    if not page.rows:
        return []
    sent = [row.data for row in found.rows] if found else list(given.get("rows", ()))
    # What came in a long file is not shown again in fields: the faults name its lines.
    sent = [] if found and found.lines and len(sent) > ROWS_SHOWN * 4 else sent
    count = max(ROWS_SHOWN, len(sent) + 1)
    return [
        _shown_row(page, scope, str(number), sent[number] if number < len(sent) else {})
        for number in range(min(count, page.rows_max))
    ]


def _shown_row(page: FormPage, scope: Scope, number: str, values: Any) -> Any:
    assert page.rows is not None
    return page.rows(None, scope=scope, now=timezone.localtime(), prefix=f"rows-{number}", initial=values)
