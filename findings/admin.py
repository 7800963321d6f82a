"""Findings in the admin: what an inspector works through, the weightiest first, and each one with its evidence."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from findings import admin_steps as steps
from findings.admin_filters import MINE, NOBODY, AgeFilter, AssigneeFilter, RetailerFilter, StateFilter, keys_of
from findings.admin_forms import DecideForm
from findings.admin_page import STATE_LABELS, finding_page, next_url, page_url
from findings.models import Finding
from findings.operations import FindingRefusedError
from findings.pages.places import Place, places_of
from findings.pages.sentence import sentence
from findings.pages.texts import words_of
from findings.scoring import band
from possys.accounts.models import User
from possys.clock import lasting, now_ms, utc
from possys.codes import TERMINAL_MAX, CodeError
from possys.keyset_admin import PAGE_ROWS, KeysetAdmin, KeysetChangeList
from possys.receipt_keys import table
from transactions.admin_search import number_in

# As many as stand on a page of the list.
BULK_MAX = PAGE_ROWS
STALE = "Nothing was done: something has happened to the finding since its page was shown. What you wrote is below."


# What an inspector turns to first.
QUEUES: tuple[tuple[str, dict[str, str]], ...] = (
    ("All that wait", {}),
    ("Mine", {"assignee": MINE}),
    ("Nobody’s", {"assignee": NOBODY}),
    ("Answered by the retailer", {"state": str(Finding.State.ANSWERED)}),
)


class Queue(NamedTuple):
    """A link above the list."""

    title: str
    url: str
    is_current: bool


class FindingList(KeysetChangeList):
    """A page of the list, with the queues above it."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows, and which queue they are of."""
        super().get_results(request)
        asked = {name: value for name, value in request.GET.items() if name in {"state", "assignee"}}
        self.queues = [Queue(title, f"?{urlencode(own)}", own == asked) for title, own in QUEUES]


@admin.register(Finding)
class FindingAdmin(KeysetAdmin):
    """By score, then by age; nobody changes a finding but by a step, which is kept."""

    navigation_group = "Findings"
    navigation_title = "Findings"
    navigation_icon = "fact_check"
    navigation_rank = 0
    list_display = ("score_bar", "what", "where", "till", "age", "state_label", "assignee_shown")
    list_display_links = None
    list_filter = (StateFilter, AssigneeFilter, "kind", AgeFilter, RetailerFilter)
    list_select_related = ("assignee",)
    list_before_template = "admin/findings/queues.html"
    ordering = ("-score", "began_at", "pk")
    search_fields = ("terminal",)
    search_help_text = "A till’s number, a retailer’s tax id, or a receipt code, whole"

    class Media:
        css = {"all": ("css/findings.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With the queues."""
        return FindingList

    def fill_rows(self, request: HttpRequest, rows: list[Any]) -> None:
        """With the names of their places: two queries more, however long the list is."""
        places, now = places_of(rows), utc(now_ms())
        for one in rows:
            one.place, one.now = places[one.pk], now

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Finding], search_term: str
    ) -> tuple[QuerySet[Finding], bool]:
        """By till, tax id or receipt code, each found by its index; anything else finds nothing."""
        term = search_term.strip()
        if not term:
            return queryset, False
        # PostgreSQL joins the two indexes.
        found, tills = Q(retailer__in=keys_of(term)), []
        if (number := number_in(term, TERMINAL_MAX)) is not None:
            tills.append(number)
        with contextlib.suppress(CodeError):
            tills.append(table().decode(term).terminal)
        return queryset.filter(found | Q(terminal__in=tills) if tills else found), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that this person may take."""
        found = {}
        for name, step in steps.MANY.items():
            if request.user.has_perm(step.right):
                found[name] = (_action(step), name, step.many)
        return found

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The judges find."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Finding | None = None) -> bool:
        """Never: it says what was known when."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The finding, and for those who may the forms to work on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        finding: Finding | None = self.get_object(request, object_id)
        if finding is None:
            raise Http404
        if request.method == "POST":
            return self._step(request, finding)
        return self._page(request, finding)

    def many_view(self, request: HttpRequest, chosen: QuerySet[Finding], step: steps.Step) -> HttpResponse | None:
        """Asks once where something must be said, then does it with all of them."""
        if not request.user.has_perm(step.right):
            raise PermissionDenied
        assert isinstance(request.user, User)
        rows = list(chosen.select_related("assignee")[:BULK_MAX])
        form = step.many_form(
            request.POST.dict() if "_sure" in request.POST or not step.many_form.base_fields else None
        )
        if not form.is_valid():
            return self._many_page(request, rows, step, form)
        try:
            said = step.carry_out(rows, request.user, form.cleaned_data)
        except FindingRefusedError as fault:
            messages.error(request, f"Nothing was done: {fault}.")
            return None
        for one in rows:
            self.log_change(request, one, f"{step.title}, with {len(rows)} in all.")
        messages.success(request, said)
        return None

    def _many_page(self, request: HttpRequest, rows: list[Finding], step: steps.Step, form: forms.Form) -> HttpResponse:
        now = utc(now_ms())
        context = {
            "title": f"{step.title}: {len(rows)} finding{'s' if len(rows) > 1 else ''}",
            "rows": [(one, sentence(one.kind, one.evidence, one.began_at, now)) for one in rows],
            "form": form,
            "step": step,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back_url": f"{reverse('admin:findings_finding_changelist')}?{request.GET.urlencode()}",
        }
        return self._answer(request, "many.html", context, status=400 if form.is_bound else 200)

    def _step(self, request: HttpRequest, finding: Finding) -> HttpResponse:
        step = steps.STEPS.get(request.POST.get("do", ""))
        if step is None or not request.user.has_perm(step.right):
            raise PermissionDenied
        assert isinstance(request.user, User)
        form = self._form(step, finding, request.POST.dict())
        if not form.is_valid():
            return self._page(request, finding, step, form)
        if request.POST.get("seen") != _seen(finding):
            form.add_error(None, STALE)
            return self._page(request, finding, step, form)
        ahead = next_url(finding) if request.POST.get("then") == "next" else ""
        try:
            said = step.carry_out([finding], request.user, form.cleaned_data)
        except FindingRefusedError as fault:
            form.add_error(None, f"Nothing was done: {fault}.")
            return self._page(request, finding, step, form)
        self.log_change(request, finding, said)
        messages.success(request, f"{finding}: {said}")
        return HttpResponseRedirect(ahead or page_url(finding.pk))

    def _page(
        self, request: HttpRequest, finding: Finding, step: steps.Step | None = None, form: forms.Form | None = None
    ) -> HttpResponse:
        own = [
            (one, form if one is step and form else self._form(one, finding), one is step)
            for one in steps.STEPS.values()
            if request.user.has_perm(one.right) and not (one is steps.ASK and finding.closed_at)
        ]
        context = {
            "title": words_of(finding.kind).name,
            "original": finding,
            "found": finding_page(finding, utc(now_ms())),
            "forms": [one for one in own if one[0] is not steps.TAKE],
            "may_take": any(one[0] is steps.TAKE for one in own) and finding.assignee_id != request.user.pk,
            "seen": _seen(finding),
        }
        return self._answer(request, "finding.html", context, status=400 if form is not None else 200)

    def _form(self, step: steps.Step, finding: Finding, data: dict[str, Any] | None = None) -> forms.Form:
        # Each form's fields have ids of their own on the one page.
        ids = f"id_{step.name}_%s"
        if step.form is DecideForm:
            return DecideForm(data, auto_id=ids, state=finding.state)
        initial = {"assignee": finding.assignee_id} if step is steps.ASSIGN else None
        return step.form(data, auto_id=ids, initial=initial)

    def _answer(self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
        """Never kept by the browser: it says what is suspected of whom."""
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, **context}
        response = TemplateResponse(request, f"admin/findings/{template}", whole, status=status)
        response["Cache-Control"] = "no-store"
        return response

    @admin.display(description="score")
    def score_bar(self, finding: Finding) -> str:
        """A quiet bar with its word."""
        context = {"score": finding.score, "band": str(band(finding.score))}
        return render_to_string("admin/findings/_score.html", context)

    @admin.display(description="what it is")
    def what(self, finding: Any) -> str:
        """The sentence, which leads to the finding."""
        context = {
            "url": page_url(finding.pk),
            "sentence": sentence(finding.kind, finding.evidence, finding.began_at, finding.now),
            "kind": words_of(finding.kind).name,
        }
        return render_to_string("admin/findings/_what.html", context)

    @admin.display(description="retailer and store")
    def where(self, finding: Any) -> str:
        """Whose, and in which store."""
        place: Place = finding.place
        return render_to_string("admin/findings/_where.html", {"place": place})

    @admin.display(description="till")
    def till(self, finding: Finding) -> int:
        """Its number."""
        return finding.terminal

    @admin.display(description="age")
    def age(self, finding: Any) -> str:
        """Since it began; of a closed one, until it was closed."""
        return format_html(
            '<span class="fnd-age">{}</span>', lasting((finding.closed_at or finding.now) - finding.began_at)
        )

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, finding: Finding) -> tuple[str, str]:
        """How far it is."""
        return finding.state, finding.get_state_display()

    @admin.display(description="assignee", empty_value="nobody")
    def assignee_shown(self, finding: Finding) -> str | None:
        """Who takes care of it."""
        return str(finding.assignee) if finding.assignee else None


def _action(step: steps.Step) -> Callable[..., HttpResponse | None]:
    def action(model_admin: FindingAdmin, request: HttpRequest, chosen: QuerySet[Finding]) -> HttpResponse | None:
        return model_admin.many_view(request, chosen, step)

    return action


def _seen(finding: Finding) -> str:
    """What stood on the page: its state and how much was said."""
    return f"{finding.state} {finding.notes.count()}"
