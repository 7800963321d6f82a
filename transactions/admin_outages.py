"""Declared outages in the admin: declare, end, and read who did what and why; nothing is deleted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from possys import clock
from possys.keyset_admin import KeysetAdmin
from transactions.outages import REASON_LENGTH, Outage, OutageRefused, OutageStep, declare, end, faults_of

KIND_LABELS = {Outage.Kind.DEGRADED: "warning", Outage.Kind.OUTAGE: "danger", Outage.Kind.EMERGENCY: "danger"}
UNTIL = "In UTC unless the site says otherwise, and not later than now. At its beginning it counts for nothing."


class DeclareForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new outage; what is wrong with it is said at once."""

    class Meta:
        model = Outage
        fields = ("kind", "began_at", "ended_at", "reason")
        help_texts = {
            "began_at": "From this moment the time in which tills must send does not run. At most 31 days ago.",
            "ended_at": "Leave it empty while it goes on: every till that is turned away is told so.",
            "reason": "What happened. Staff read it; tills and customers do not.",
        }

    def clean(self) -> dict[str, Any]:
        """Times and reason together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("began_at"):
            now = clock.utc(clock.now_ms())
            for fault in faults_of(cleaned["began_at"], cleaned.get("ended_at"), cleaned.get("reason", "x"), now):
                self.add_error(None, fault)
        return cleaned


class EndForm(forms.Form):
    """When an outage ended, and why that is said now."""

    ended_at = forms.SplitDateTimeField(label="Ended", widget=UnfoldAdminSplitDateTimeWidget, help_text=UNTIL)
    reason = forms.CharField(label="Reason", max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget)


class StepInline(TabularInline):  # type: ignore[misc]
    """Who did what."""

    model = OutageStep
    extra = 0
    fields = readonly_fields = ("at", "kind", "ended_at", "reason", "by")
    can_delete = False
    hide_title = True
    verbose_name_plural = "steps"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Steps are left by what is done."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only to look at."""
        return False


@admin.register(Outage)
class OutageAdmin(KeysetAdmin):
    """The newest first; adding one declares it."""

    navigation_group = "Registry"
    navigation_title = "Outages"
    navigation_icon = "power_off"
    form = DeclareForm
    list_display = ("began_at", "kind_label", "ended", "reason", "declared_by")
    list_filter = ("kind",)
    actions_detail = ("end_outage",)
    inlines = (StepInline,)

    @display(description="kind", label=KIND_LABELS)  # type: ignore[untyped-decorator]
    def kind_label(self, outage: Outage) -> str:
        """Its first word is what tills are told."""
        return outage.kind

    @admin.display(description="ended", empty_value="goes on")
    def ended(self, outage: Outage) -> Any:
        """When, unless it goes on."""
        return outage.ended_at

    def get_fields(self, request: HttpRequest, obj: Outage | None = None) -> tuple[str, ...]:
        """Who declared it is shown once it is declared."""
        return DeclareForm.Meta.fields if obj is None else (*DeclareForm.Meta.fields, "declared_by")

    def get_inlines(self, request: HttpRequest, obj: Outage | None) -> Any:
        """One that is being declared has no steps."""
        return () if obj is None else self.inlines

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Most begin now."""
        return {"began_at": clock.utc(clock.now_ms()).replace(microsecond=0), "kind": Outage.Kind.OUTAGE}

    def save_model(self, request: HttpRequest, obj: Outage, form: Any, change: bool) -> None:
        """Declared by the domain, with its first step."""
        made = declare(
            kind=Outage.Kind(obj.kind),
            began_at=obj.began_at,
            ended_at=obj.ended_at,
            reason=obj.reason,
            by=_by(request),
            now=clock.utc(clock.now_ms()),
        )
        obj.__dict__.update(made.__dict__)

    def has_change_permission(self, request: HttpRequest, obj: Outage | None = None) -> bool:
        """What was declared stays; its end has a page of its own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Outage | None = None) -> bool:
        """Never: what customers were told rests on it."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None in bulk."""
        return {}

    def has_end_outage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change outages may end them."""
        return request.user.has_perm("transactions.change_outage")

    @action(description="Say when it ended", permissions=["end_outage"], icon="power", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def end_outage(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks when it ended and why, POST ends it or moves its end."""
        if not self.has_end_outage_permission(request):
            raise PermissionDenied
        outage: Outage | None = self.get_object(request, object_id)
        if outage is None:
            raise Http404
        now = clock.utc(clock.now_ms())
        form = EndForm(
            request.POST if request.method == "POST" else None,
            initial={"ended_at": outage.ended_at or now.replace(microsecond=0)},
        )
        if request.method == "POST" and form.is_valid():
            try:
                ended = end(outage, **form.cleaned_data, by=_by(request), now=now)
            except OutageRefused as fault:
                form.add_error(None, str(fault))
            else:
                self.log_change(request, ended, f"Ended at {ended.ended_at}: {form.cleaned_data['reason']}.")
                messages.success(request, "The outage is over; tills are no longer told of it.")
                return HttpResponseRedirect(reverse("admin:transactions_outage_change", args=[outage.pk]))
        return TemplateResponse(
            request,
            "admin/transactions/end_outage.html",
            {
                **self.admin_site.each_context(request),
                "title": "Say when the outage ended",
                "opts": self.opts,
                "original": outage,
                "form": form,
                "back_url": reverse("admin:transactions_outage_change", args=[outage.pk]),
            },
            status=400 if form.errors else 200,
        )


def _by(request: HttpRequest) -> str:
    return f"staff {request.user.get_username()}"
