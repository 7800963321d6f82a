"""A step as the admin offers it: a button, a page that asks, one domain call, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminTextareaWidget

from lottery.admin_base import LotteryAdmin, page_of
from possys.accounts.models import User
from possys.clock import now_ms, utc

REASON_MAX = 500


class StepForm(forms.Form):
    """A confirmation; `seen` is what stood on the page, so that nobody says yes to something else."""

    seen = forms.CharField(strip=False, widget=forms.HiddenInput)


class ReasonForm(StepForm):
    """A confirmation with the reason, which stays."""

    reason = forms.CharField(
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="It is kept with your name. Name no customer in it.",
    )


class Done(NamedTuple):
    """What was done, in a sentence, and where to go; without an address back to the row's page."""

    said: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that can be done with a row; `name` stands in its page's address."""

    name: str
    title: str
    explanation: str
    permission: str
    # Whether there is anything to be done, as the row is now.
    is_due: Callable[[Any, datetime], bool]
    # The domain call: row, person, answers of the form, now. ValueError says what is wrong.
    carry_out: Callable[[Any, User, dict[str, Any], datetime], Done]
    form: type[StepForm] = StepForm
    # What the person says yes to: another one at the second look means that nothing is done.
    seen: Callable[[Any], str] = lambda row: str(row.state)
    # What else stands on the page for this person, as pairs.
    facts: Callable[[Any, User], list[tuple[str, Any]]] = lambda row, by: []
    # What the form says to begin with.
    initial: Callable[[Any], dict[str, Any]] = lambda row: {}
    is_dangerous: bool = False
    # Beside what a row waits for, not instead of it.
    is_plain: bool = False

    @property
    def variant(self) -> str:
        """How its button looks."""
        return "danger" if self.is_dangerous else "default" if self.is_plain else "primary"


@dataclass(frozen=True)
class Button:
    """A step that is due and allowed."""

    title: str
    url: str
    variant: str


class SteppedAdmin(LotteryAdmin):
    """Rows with steps."""

    steps: tuple[Step, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """With a page for each step."""

        def view_of(step: Step) -> Callable[..., HttpResponse]:
            def view(request: HttpRequest, object_id: str) -> HttpResponse:
                return self.step_view(request, object_id, step)

            guarded: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
            return guarded

        own = [
            path(f"<str:object_id>/{step.name}/", view_of(step), name=f"lottery_{self.opts.model_name}_{step.name}")
            for step in self.steps
        ]
        return [*own, *super().get_urls()]

    def buttons(self, request: HttpRequest, row: Model) -> list[Button]:
        """What this person can do now."""
        now = utc(now_ms())
        return [
            Button(
                step.title,
                reverse(f"admin:lottery_{self.opts.model_name}_{step.name}", args=[row.pk]),
                step.variant,
            )
            for step in self.steps
            if request.user.has_perm(step.permission) and step.is_due(row, now)
        ]

    def step_view(self, request: HttpRequest, object_id: str, step: Step) -> HttpResponse:
        """GET asks, POST carries out. Raises PermissionDenied, Http404."""
        if not isinstance(request.user, User) or not request.user.has_perm(step.permission):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not step.is_due(row, utc(now_ms())):
            messages.error(request, f"Nothing was done: this is not due now for {row}.")
            return HttpResponseRedirect(page_of(row))
        form = (
            step.form(request.POST, request.FILES) if request.method == "POST" else step.form(initial=step.initial(row))
        )
        form.fields["seen"].initial = step.seen(row)
        if request.method == "POST" and form.is_valid() and (done := self._done(request, row, step, form)):
            return HttpResponseRedirect(done.url or page_of(row))
        status = 400 if form.errors else 200
        return self.page(
            request, "step.html", step.title, status=status, step=step, form=form, original=row,
            facts=step.facts(row, request.user), back_url=page_of(row), variant=step.variant,
            has_files=form.is_multipart(),
        )  # fmt: skip

    def _done(self, request: HttpRequest, row: Any, step: Step, form: StepForm) -> Done | None:
        """What was done; if nothing, the form says why."""
        assert isinstance(request.user, User)
        if form.cleaned_data["seen"] != step.seen(row):
            form.add_error(None, "Nothing was done: it has changed since the page was shown. Look at it again.")
            form.data = {**form.data.dict(), "seen": step.seen(row)}  # type: ignore[attr-defined]
            return None
        try:
            done = step.carry_out(row, request.user, form.cleaned_data, utc(now_ms()))
        except ValueError as fault:
            text = str(fault)
            form.add_error(None, text[:1].upper() + text[1:] + ("" if text.endswith(".") else "."))
            return None
        self.log_change(request, row, done.said)
        messages.success(request, done.said)
        return done
