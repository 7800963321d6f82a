"""The audit log in the admin: what was done, by whom, when, to what; for auditors and inspectors, to read."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from audit.admin_filters import DayFilter, ObjectFilter, PersonFilter
from audit.export import ROWS_MAX, lines
from audit.models import Act, Kind
from audit.publishing import publication_of
from ledger.admin_base import LedgerAdmin

KIND_LABELS = {
    "signed in": "info",
    "signed out": "info",
    "sign-in failed": "warning",
    "added": "success",
    "changed": "success",
    "deleted": "danger",
    "was refused": "danger",
    "downloaded": "warning",
    "ran a command": "warning",
}
TEXT_CHARACTERS = 80


@admin.register(Act)
class ActAdmin(LedgerAdmin):
    """Nobody changes anything here, and the database would not let them."""

    navigation_group = "Audit"
    navigation_title = "Acts of the staff"
    navigation_icon = "policy"
    list_display = ("when", "person", "kind_label", "about", "what", "client")
    list_display_links = ("when",)
    list_filter = ("kind", PersonFilter, DayFilter, ObjectFilter)
    search_fields = ("key",)
    search_help_text = "A person, an object's key, a request's id, or an act's number"
    change_list_template = "admin/audit/acts.html"

    def get_urls(self) -> list[URLPattern]:
        """The file, too."""
        export = path("acts.csv", self.admin_site.admin_view(self.export), name="audit_act_export")
        return [export, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """What is typed whole, each by an index of its own."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        places: list[dict[str, Any]] = [{"person": term}, {"key": term}, {"request": term}]
        if term.isascii() and term.isdigit() and len(term) < len(str(2**63)):
            places.append({"number": int(term)})
        found = [Act.objects.filter(**place).values("number") for place in places]
        return queryset.filter(number__in=found[0].union(*found[1:], all=True)), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to the file of what is shown."""
        asked = request.GET.copy()
        for name in ("p", "o"):
            asked.pop(name, None)
        address = reverse("admin:audit_act_export")
        context = {"export_url": f"{address}?{asked.urlencode()}" if asked else address, "export_max": ROWS_MAX}
        shown: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **context})
        return shown

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One act with all that it says, and what vouches for it."""
        self.require_view(request)
        act = self.get_object(request, object_id)
        if act is None:
            raise Http404
        response = self.page(request, "../audit/act.html", f"Act {act.number}", **act_page(act), original=act)
        response["Cache-Control"] = "no-store"
        return response

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is narrowed, as CSV; that it was taken is in the log like everything else."""
        self.require_view(request)
        acts = self.get_changelist_instance(request).queryset.order_by("-number")[:ROWS_MAX]
        response = StreamingHttpResponse(lines(acts.iterator()), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="acts.csv"'
        response["Cache-Control"] = "no-store"
        return response

    @admin.display(description="at")
    def when(self, act: Act) -> str:
        """To the second, by the site's clock."""
        return f"{timezone.localtime(act.at):%Y-%m-%d %H:%M:%S %Z}"

    @display(description="kind", label=KIND_LABELS)  # type: ignore[untyped-decorator]
    def kind_label(self, act: Act) -> str:
        """In words."""
        return Kind(act.kind).label

    @admin.display(description="object")
    def about(self, act: Act) -> str:
        """What it was about, as it was called."""
        return act.text or f"{act.model.partition('.')[2]} {act.key}".strip() or "-"

    @admin.display(description="what")
    def what(self, act: Act) -> str:
        """The beginning of what was said, else the fields."""
        text = act.said or ", ".join(act.fields) or act.reason or "-"
        return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"


def acts_url(model: str, key: str) -> str:
    """Where the acts on an object are listed."""
    return f"{reverse('admin:audit_act_changelist')}?{urlencode({'of': f'{model} {key}'})}"


def act_page(act: Act) -> dict[str, Any]:
    """All that the page of one act shows."""
    facts: list[tuple[str, object]] = [
        ("When", f"{timezone.localtime(act.at):%Y-%m-%d %H:%M:%S %Z}"),
        ("In UTC", f"{act.at:%Y-%m-%d %H:%M:%S.%f}"),
        ("Who", f"{act.person or 'nobody who is known'}{f' (login {act.person_id})' if act.person_id else ''}"),
        ("What", Kind(act.kind).label),
        ("Object", _object_link(act)),
        ("Reason", act.reason),
        ("In words", act.said),
        ("From", act.client),
        ("Request", act.request),
        ("Machine" if act.kind == Kind.COMMAND else "Address", act.path),
    ]
    published = publication_of(act.number)
    return {
        "facts": [(name, value) for name, value in facts if value],
        "fields": [
            (name, values.get("before"), values.get("after", values.get("sent"))) for name, values in act.fields.items()
        ],
        "is_before": any("before" in values for values in act.fields.values()),
        "published": published,
        "leaf_url": reverse("admin:ledger_logentry_change", args=[published.leaf])
        if published and published.leaf is not None
        else "",
        "object_url": acts_url(act.model, act.key) if act.key else "",
        "person_url": f"{reverse('admin:audit_act_changelist')}?{urlencode({'by': act.person})}" if act.person else "",
        "request_url": f"{reverse('admin:audit_act_changelist')}?{urlencode({'q': act.request})}"
        if act.request
        else "",
    }


def _object_link(act: Act) -> str:
    text = act.text or f"{act.model} {act.key}".strip()
    if not act.key or not act.model:
        return text
    try:
        address = reverse(f"admin:{act.model.replace('.', '_')}_change", args=[act.key])
    except NoReverseMatch:
        return text
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text)
