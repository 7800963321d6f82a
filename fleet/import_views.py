"""Uploading a file of tills, looking on while it is enrolled, and what came of it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fleet import results
from fleet.code_files import codes_csv
from fleet.import_forms import ImportForm
from fleet.import_pages import ONLY_WHOLE
from fleet.models import Import
from fleet.progress import BEGINNINGS, progress_of, said
from fleet.rows import COLUMNS, OWNER_COLUMNS, REQUIRED
from fleet.running import go_on, stop
from fleet.service import SERVICE
from fleet.tasks import run_import
from fleet.telling import member
from fleet.uploads import FileFault, Uploaded, enrol_for_real, keep_file
from portal import frame
from portal.access import portal_page
from portal.rights import Right
from portal.scope import Scope
from portal.sheets import linking
from possys.accounts.models import User
from transactions.models import Life, Retailer

OWN_COLUMNS = [name for name in COLUMNS if name not in OWNER_COLUMNS]
Parts = Callable[[Import], Iterator[bytes]]


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Right.KEEP_TILLS)
def new_import(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Takes a file in; it is worked through by a worker, so the answer is the page that shows how far that is."""
    if not scope.sees_all_stores:
        return frame.render(request, scope, "fleet/not_whole.html", {"why": ONLY_WHOLE}, status=403)
    if request.method != "POST":
        return _form_page(request, scope, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form_page(request, scope, form, status=400)
    retailer = Retailer.objects.get(pk=scope.retailer_id)
    if retailer.status == Life.RETIRED:
        form.add_error(None, "This retailer is retired; nothing can be enrolled.")
        return _form_page(request, scope, form, status=400)
    file, asked = form.cleaned_data["file"], form.cleaned_data
    user = request.user
    assert isinstance(user, User)
    try:
        uploaded = Uploaded(
            file.name, retailer, Life(asked["status"]), asked["is_dry_run"],
            member(scope.membership_id, scope.retailer_id), user,
        )  # fmt: skip
        run = keep_file(file.chunks(), uploaded, timezone.localtime())
    except FileFault as fault:
        form.add_error("file", str(fault))
        return _form_page(request, scope, form, status=400)
    begin(run)
    return _shown(scope, run)


@require_safe
@portal_page(Right.SEE_TILLS)
def show_import(request: HttpRequest, scope: Scope) -> HttpResponse:
    """How far a file is, and what came of its rows; its script asks for the part that changes."""
    run = _own(request.GET, scope)
    template = "fleet/_import.html" if "part" in request.GET else "fleet/import.html"
    context = {**import_context(run), "urls": _urls(scope, run), "may_keep": scope.may(Right.KEEP_TILLS)}
    return frame.render(request, scope, template, context | _framed(scope, run.name))


@require_POST
@portal_page(Right.KEEP_TILLS)
def act(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Stops an import, lets it go on, enrols what was only checked, or answers its codes."""
    run, now = _own(request.POST, scope), timezone.localtime()
    by = member(scope.membership_id, scope.retailer_id)
    user = request.user
    assert isinstance(user, User)
    try:
        made = acted(run, request.POST.get("do", ""), user, by, now)
    except FileFault as fault:
        messages.error(request, str(fault))
        return _shown(scope, run)
    return _shown(scope, made) if isinstance(made, Import) else made


@require_safe
@portal_page(Right.SEE_TILLS)
def import_faults(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Every faulty row, to be corrected and uploaded again."""
    return csv_response(_own(request.GET, scope), "faults", results.faults_csv)


@require_safe
@portal_page(Right.SEE_TILLS)
def import_results(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Every other row with its till's number."""
    return csv_response(_own(request.GET, scope), "tills", results.results_csv)


def acted(run: Import, what: str, user: User, by: str, now: datetime) -> Import | HttpResponse:
    """Carries out what a button asks for; answers the import to look at, or the file. Raises FileFault, Http404."""
    if what == "stop":
        stop(run.pk, now)
    elif what == "go-on":
        if go_on(run.pk, now):
            begin(run)
    elif what == "enrol":
        if not run.is_dry_run or not run.is_over:
            raise FileFault("Only what was checked to its end can be enrolled.")
        run = enrol_for_real(run, user, by, now)
        begin(run)
    elif what == "codes":
        if run.is_dry_run or not run.is_over:
            raise FileFault("There are codes for what is enrolled only.")
        Import.objects.filter(pk=run.pk).update(codes_at=now)
        return csv_response(run, "codes", lambda run: codes_csv(run, by, now))
    else:
        raise Http404
    return run


def begin(run: Import) -> None:
    """Queues the file; where that fails, it is taken up within a minute by itself."""
    transaction.on_commit(lambda: run_import.delay(run.pk), robust=True)


def import_context(run: Import) -> dict[str, Any]:
    """What templates show of an import, in the portal and in the admin."""
    return {"run": run, "progress": progress_of(run), "said": said(run), "beginning": BEGINNINGS[run.status]}


def csv_response(run: Import, what: str, parts: Parts) -> HttpResponse:
    """A file that is sent while it is made; of an answer, those who pass it on need only the headers."""
    response = StreamingHttpResponse(parts(run), content_type="text/csv; charset=utf-8")
    name = slugify(run.name.rpartition(".")[0] or run.name) or "tills"
    response["Content-Disposition"] = f'attachment; filename="{name}-{what}.csv"'
    return cast(HttpResponse, response)


def _form_page(request: HttpRequest, scope: Scope, form: ImportForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "columns": OWN_COLUMNS,
        "required": REQUIRED,
        "back_url": reverse("tills-imports", args=[scope.retailer_id]),
    }
    return frame.render(
        request, scope, "fleet/import_new.html", context | _framed(scope, "Upload a file of tills"), status=status
    )


def _framed(scope: Scope, title: str) -> dict[str, Any]:
    tabs = linking.tabs(scope, SERVICE, "imports")
    return {"title": title, "service": SERVICE, "tabs": tabs, "tabs_of": SERVICE.title}


def _own(query: Any, scope: Scope) -> Import:
    """The import that is asked for. Raises Http404."""
    number = query.get("id", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if not is_number or not scope.sees_all_stores:
        raise Http404
    found = Import.objects.select_related("retailer").filter(pk=int(number), retailer=scope.retailer_id).first()
    if found is None:
        raise Http404
    return found


def _shown(scope: Scope, run: Import) -> HttpResponseRedirect:
    return redirect(reverse("tills-import", args=[scope.retailer_id], query={"id": run.pk}))


def _urls(scope: Scope, run: Import) -> dict[str, str]:
    names = {"act": "tills-import-act", "faults": "tills-import-faults", "results": "tills-import-results"}
    query = {"id": run.pk}
    found = {key: reverse(name, args=[scope.retailer_id], query=query) for key, name in names.items()}
    return {
        **found,
        "part": reverse("tills-import", args=[scope.retailer_id], query={**query, "part": 1}),
        "back": reverse("tills-imports", args=[scope.retailer_id]),
        "tills": reverse("tills-tills", args=[scope.retailer_id], query={"status": run.status}),
    }
