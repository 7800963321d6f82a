"""Customers' reports in the admin: staff read, answer, note and close; nobody changes what was reported."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from possys.accounts.models import User
from possys.clock import lasting, now_ms, utc
from possys.codes import CODE_LENGTH, CodeError
from possys.keyset_admin import KeysetAdmin
from receipts.cases import operations
from receipts.cases.admin_forms import WorkForm
from receipts.cases.admin_page import case_page
from receipts.cases.models import Case, Photo, Source, State
from receipts.cases.numbers import read_number
from receipts.receipt import written_code

STATE_LABELS = {
    State.RECEIVED: "danger",
    State.LOOKED_AT: "warning",
    State.ANSWERED: "success",
    State.CLOSED: "info",
}
SOURCE_LABELS = {Source.CUSTOMER: "info", Source.SYSTEM: "warning"}
STALE = "Nothing was done: something has happened to the report since its page was shown. What you wrote is below."


@admin.register(Case)
class CaseAdmin(KeysetAdmin):
    """What waits longest stands first; closed ones follow."""

    navigation_group = "Customers"
    navigation_title = "Reports"
    navigation_icon = "support_agent"
    list_display = ("number_shown", "kind_shown", "state_label", "source_label", "code", "place", "age", "assigned_to")
    list_filter = ("state", "kind", "source")
    list_select_related = ("assigned_to",)
    search_fields = ("number",)
    search_help_text = "The report's number or a receipt code, whole"

    def get_urls(self) -> list[URLPattern]:
        """With the photo of a case."""
        photo = path("<int:pk>/photo", self.admin_site.admin_view(self.photo), name="receipts_case_photo")
        return [photo, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """By number or by code, each found by its index; anything else finds nothing."""
        if not search_term.strip():
            return queryset, False
        if (number := read_number(search_term)) is not None:
            return queryset.filter(number=number), False
        try:
            return queryset.filter(code=written_code(search_term)), False
        except CodeError:
            messages.warning(
                request, f"A report's number has 12 letters and digits, a receipt code {CODE_LENGTH}; this is neither."
            )
            return queryset.none(), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: each report is read before it is moved."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Customers report on the site."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        """Nobody; the purge does, in time."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The report, what happened, and for those who may change it the form to work on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        case: Case | None = self.get_object(request, object_id)
        if case is None:
            raise Http404
        if request.method == "POST":
            return self._worked(request, case)
        return self._page(request, case, None)

    def _worked(self, request: HttpRequest, case: Case) -> HttpResponse:
        if not self.has_change_permission(request, case):
            raise PermissionDenied
        assert isinstance(request.user, User)
        form = WorkForm(request.POST.dict())
        if not form.is_valid():
            return self._page(request, case, form)
        try:
            events = operations.work_on(case, request.user, form.work())
        except operations.StaleCaseError:
            form.add_error(None, STALE)
            return self._page(request, Case.objects.get(pk=case.pk), form)
        said = ", ".join(event.get_state_display() if event.state else event.get_sort_display() for event in events)
        self.log_change(request, case, f"{said or 'assigned'}".capitalize() + ".")
        messages.success(request, f"Report {case}: {said or 'assigned to you'}.")
        return HttpResponseRedirect(reverse("admin:receipts_case_change", args=[case.pk]))

    def _page(self, request: HttpRequest, case: Case, form: WorkForm | None) -> HttpResponse:
        found = case_page(case)
        if form is not None:
            # The form goes on from what is shown now.
            form.data = {**form.data, "seen": str(len(found.events))}
        elif self.has_change_permission(request, case):
            form = WorkForm(initial={"seen": len(found.events), "state": case.state})
        response = TemplateResponse(
            request,
            "admin/receipts/case.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Report {case}",
                "opts": self.opts,
                "original": case,
                "found": found,
                "form": form,
            },
            status=400 if form is not None and form.errors else 200,
        )
        response["Cache-Control"] = "no-store"
        return response

    def photo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The photo, for whoever may see the case."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        photo = Photo.objects.filter(case=pk).first()
        if photo is None:
            raise Http404
        response = HttpResponse(bytes(photo.content), content_type="image/jpeg")
        response["Content-Disposition"] = f'inline; filename="report-{pk}.jpg"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'"
        response["Cache-Control"] = "no-store"
        return response

    @admin.display(description="number")
    def number_shown(self, case: Case) -> str:
        """In one line, to be read out."""
        return format_html('<span class="whitespace-nowrap">{}</span>', case.number)

    @admin.display(description="kind")
    def kind_shown(self, case: Case) -> str:
        """What is wrong."""
        return case.get_kind_display()

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, case: Case) -> tuple[str, str]:
        """How far it is."""
        return case.state, case.get_state_display()

    @display(description="from", label=SOURCE_LABELS)  # type: ignore[untyped-decorator]
    def source_label(self, case: Case) -> tuple[str, str]:
        """Who opened it."""
        return case.source, case.get_source_display()

    @admin.display(description="age")
    def age(self, case: Case) -> str:
        """Since it was reported; of a closed one, until it was closed."""
        return lasting((case.closed_at or utc(now_ms())) - case.created_at)
