"""Files of tills in the admin: staff upload those of many retailers, and see how far each is."""

from itertools import chain
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from fleet import results
from fleet.import_forms import ImportForm
from fleet.import_views import acted, begin, csv_response, import_context
from fleet.models import BY_LENGTH_MAX, Import
from fleet.rows import COLUMNS
from fleet.till_forms import NEW_TILLS
from fleet.uploads import FileFault, Uploaded, keep_file
from possys.accounts.models import User
from possys.keyset_admin import KeysetAdmin
from possys.keyset_search import FOUND_MAX, asked, begins_with, first_found
from transactions.admin_search import retailers_of
from transactions.models import Life


class StaffImportForm(ImportForm):
    """The same with the admin's own fields."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["file"].widget = UnfoldAdminFileFieldWidget()
        self.fields["status"].widget = UnfoldAdminSelectWidget(choices=NEW_TILLS)
        self.fields["is_dry_run"].widget = UnfoldBooleanSwitchWidget()


@admin.register(Import)
class ImportAdmin(KeysetAdmin):
    """Uploaded and looked at; what is enrolled by a file is the registry's."""

    navigation_group = "Registry"
    navigation_title = "Imports"
    navigation_icon = "upload_file"
    list_display = ("name", "whose", "created_at", "what", "state", "rows_total", "rows_enrolled", "rows_faulty", "by")
    list_filter = ("state", "is_dry_run")
    list_select_related = ("retailer",)
    search_fields = ("name", "retailer__name", "retailer__tax_id", "by")
    search_help_text = "Whole tax id, words of the retailer, beginning of the file's name or of who uploaded it"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Import], search_term: str
    ) -> tuple[QuerySet[Import], bool]:
        """By retailer, or by what the file itself says: of files there are thousands at most."""
        term = asked(search_term)
        if not term:
            return queryset, False
        owners = (rows.order_by().values_list("pk", flat=True)[:FOUND_MAX] for rows in retailers_of(term))
        own = (Import.objects.filter(begins_with(column, term)) for column in ("name", "by"))
        found = chain((Import.objects.filter(retailer__in=list(keys)) for keys in owners), own)
        return first_found(request, queryset, found), False

    @admin.display(description="retailer")
    def whose(self, run: Import) -> str:
        """Whose tills are in it."""
        return run.retailer.name if run.retailer else "many"

    @admin.display(description="what")
    def what(self, run: Import) -> str:
        """Whether anything is enrolled by it."""
        return "only checked" if run.is_dry_run else "enrolled"

    def get_urls(self) -> list[URLPattern]:
        """With what is done on a file's page."""
        guarded = self.admin_site.admin_view
        return [
            path("<int:number>/act/", guarded(self.act), name="fleet_import_act"),
            path("<int:number>/part/", guarded(self.part), name="fleet_import_part"),
            path("<int:number>/<slug:what>.csv", guarded(self.file), name="fleet_import_file"),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None of the list's own actions."""
        return {}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A file is looked at; its buttons ask for the right to add."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It says where tills came from."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may add a file and enrol terminals."""
        return bool(super().has_add_permission(request)) and bool(request.user.has_perm("transactions.add_terminal"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Takes a file in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StaffImportForm(request.POST or None, request.FILES or None)
        user = request.user
        assert isinstance(user, User)
        if request.method == "POST" and form.is_valid():
            asked = form.cleaned_data
            uploaded = Uploaded(
                asked["file"].name, None, Life(asked["status"]), asked["is_dry_run"], by_staff(user), user
            )
            try:
                run = keep_file(asked["file"].chunks(), uploaded, timezone.localtime())
            except FileFault as fault:
                form.add_error("file", str(fault))
            else:
                begin(run)
                self.log_addition(request, run, "Uploaded.")
                return self._back(run)
        context = {"form": form, "title": "Upload a file of tills", "columns": ",".join(COLUMNS)}
        return self._page(request, "admin/fleet/import_new.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How far a file is."""
        run = self.get_object(request, object_id)
        if run is None:
            messages.error(request, "There is no such file.")
            return HttpResponseRedirect(reverse("admin:fleet_import_changelist"))
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return self._page(
            request, "admin/fleet/import.html", {**self._context(request, run), "title": run.name, "original": run}
        )

    def part(self, request: HttpRequest, number: int) -> HttpResponse:
        """What changes on its page."""
        run = self._own(request, number)
        return TemplateResponse(request, "fleet/_import.html", self._context(request, run))

    def act(self, request: HttpRequest, number: int) -> HttpResponse:
        """Stops it, lets it go on, enrols what was checked, or answers codes."""
        if request.method != "POST" or not self.has_add_permission(request):
            raise PermissionDenied
        run, what, user = self._own(request, number), request.POST.get("do", ""), request.user
        assert isinstance(user, User)
        try:
            made = acted(run, what, user, by_staff(user), timezone.localtime())
        except FileFault as fault:
            messages.error(request, str(fault))
            return self._back(run)
        self.log_change(request, run, f"Pressed the button “{what}”.")
        return self._back(made) if isinstance(made, Import) else made

    def file(self, request: HttpRequest, number: int, what: str) -> HttpResponse:
        """Its faulty rows, or the others with their tills."""
        run = self._own(request, number)
        return csv_response(run, what, results.faults_csv if what == "faults" else results.results_csv)

    def _own(self, request: HttpRequest, number: int) -> Import:
        """The file. Raises PermissionDenied."""
        run = self.get_object(request, str(number))
        if run is None or not self.has_view_permission(request, run):
            raise PermissionDenied
        found: Import = run
        return found

    def _context(self, request: HttpRequest, run: Import) -> dict[str, Any]:
        def own(name: str, *more: str) -> str:
            return reverse(f"admin:fleet_import_{name}", args=[run.pk, *more])

        urls = {
            "act": own("act"),
            "part": own("part"),
            "faults": own("file", "faults"),
            "results": own("file", "tills"),
        }
        return {**import_context(run), "urls": urls, "may_keep": self.has_add_permission(request)}

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        framed = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, framed)

    def _back(self, run: Import) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:fleet_import_change", args=[run.pk]))


def by_staff(user: User) -> str:
    """Who of the staff it was, as steps name them."""
    return f"staff {user.get_username()}"[:BY_LENGTH_MAX]
