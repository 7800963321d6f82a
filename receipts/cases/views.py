"""Reporting a problem, and the page to follow the report by."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from receipts.cases import operations
from receipts.cases.forms import CODE_TEXT_MAX, MessageForm, ReportForm
from receipts.cases.mails import case_url
from receipts.cases.models import TEXT_MAX, Case, Event, Kind, State
from receipts.cases.photos import PHOTO_BYTES_MAX
from receipts.cases.queries import find_case, public_events
from receipts.cases.uploads import BODY_BYTES_MAX, is_too_large
from receipts.limiting import too_many
from receipts.limits import PAGES, REPORTS, Limit, LimitReachedError, check, client_of, count

P = ParamSpec("P")

# Decoding a picture is the most work that a stranger can ask of this site; a few tries for each report are enough.
PHOTOS = Limit("photos", 30, 3600)
MEGABYTE = 1024 * 1024


def report_page(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """What both pages share: nobody keeps them, no search engine lists them, no link tells where it was clicked.

    Too much of anything is answered with a page that says so.
    """

    @wraps(view)
    def kept_by_nobody(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request = args[0]
        assert isinstance(request, HttpRequest)
        try:
            count(PAGES, client_of(request))
            response = view(*args, **kwargs)
        except LimitReachedError as reached:
            response = too_many(request, reached)
        except RequestDataTooBig:
            response = _too_large(request)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        # The page's address is its key.
        response["Referrer-Policy"] = "no-referrer"
        return response

    return kept_by_nobody


def _minutes(reached: LimitReachedError | None) -> int:
    """In how many minutes to try again, rounded up; 0 at once."""
    return -(-reached.retry_after_s // 60) if reached else 0


def _wait(reached: LimitReachedError, page: HttpResponse) -> HttpResponse:
    """Makes an answer of the page that says what was too much; what was typed stays in its form."""
    page.status_code = 429
    page["Retry-After"] = str(reached.retry_after_s)
    return page


# Neither a session nor a cookie comes with these forms, so there is nothing that another site's form could abuse.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@report_page
def report(request: HttpRequest) -> HttpResponse:
    """The form; sent rightly, it leads to the case's page."""
    if request.method != "POST":
        asked = {
            "code": request.GET.get("code", "")[:CODE_TEXT_MAX],
            "kind": request.GET.get("kind", ""),
            "is_mail_wanted": True,
        }
        return _form(request, ReportForm(initial=asked))
    if is_too_large(request):
        return _too_large(request)
    client = client_of(request)
    try:
        check(REPORTS, client)
        if "photo" in request.FILES:
            count(PHOTOS, client)
    except LimitReachedError as reached:
        return _wait(reached, _form(request, ReportForm(initial=request.POST.dict()), reached))
    form = ReportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form)
    count(REPORTS, client)
    opened = operations.open_case(form.report())
    return _see(opened.case.number, opened.secret)


def _form(request: HttpRequest, form: ReportForm, reached: LimitReachedError | None = None) -> HttpResponse:
    context = {
        "form": form,
        "minutes": _minutes(reached),
        "kinds": Kind.choices,
        "text_max": TEXT_MAX,
        "photo_mb_max": PHOTO_BYTES_MAX // MEGABYTE,
    }
    return render(request, "receipts/cases/report.html", context, status=400 if form.errors else 200)


def _too_large(request: HttpRequest) -> HttpResponse:
    context = {"body_mb_max": BODY_BYTES_MAX // MEGABYTE, "photo_mb_max": PHOTO_BYTES_MAX // MEGABYTE}
    return render(request, "receipts/cases/too-large.html", context, status=413)


def _see(number: str, secret: str) -> HttpResponse:
    """On to the case's page, which a browser asks for with GET."""
    return HttpResponse(status=303, headers={"Location": reverse("case", kwargs={"number": number, "secret": secret})})


@csrf_exempt  # As above: the secret in the address is all that it takes, and no other site knows it.
@require_http_methods(["GET", "HEAD", "POST"])
@report_page
def case(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    """What became of a report; while it is open, something can be added."""
    found = find_case(number, secret)
    if found is None:
        raise Http404
    if request.method != "POST":
        return _case(request, found, secret, MessageForm())
    if is_too_large(request):
        return _too_large(request)
    try:
        check(REPORTS, client_of(request))
    except LimitReachedError as reached:
        form = MessageForm(initial=request.POST.dict())
        return _wait(reached, _case(request, found, secret, form, reached))
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _case(request, found, secret, form)
    try:
        operations.add_message(found, form.cleaned_data["text"])
    except operations.CaseClosedError:
        form.add_error("text", _("The report was closed in the meantime, so nothing can be added to it."))
        return _case(request, found, secret, form)
    except operations.TooManyMessagesError:
        form.add_error("text", _("You have added as many messages as a report can hold. Please wait for the answer."))
        return _case(request, found, secret, form)
    count(REPORTS, client_of(request))
    return _see(found.number, secret)


def _case(
    request: HttpRequest, found: Case, secret: str, form: MessageForm, reached: LimitReachedError | None = None
) -> HttpResponse:
    events = public_events(found)
    name, _at, host = found.contact.rpartition("@")
    written = sum(event.sort == Event.Sort.MESSAGE for event in events)
    context = {
        "case": found,
        "events": events,
        "url": case_url(found.number, secret),
        # Enough to know it again; whoever looks over the customer's shoulder does not learn it.
        "contact": f"{name[0]}…@{host}" if name else "",
        "form": form,
        "minutes": _minutes(reached),
        "can_add": found.state != State.CLOSED and written < operations.MESSAGES_MAX,
        "text_max": TEXT_MAX,
    }
    return render(request, "receipts/cases/case.html", context, status=400 if form.errors else 200)
