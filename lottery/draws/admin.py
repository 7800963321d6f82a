"""Draws in the admin: a draft is one form; from its opening on a draw is read, and moved by steps alone."""

from typing import Any

from django.contrib import admin
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import display

from lottery.admin_base import at
from lottery.admin_steps import SteppedAdmin
from lottery.draws import drafts
from lottery.draws.admin_forms import DraftForm, PrizeForm, PrizeFormSet
from lottery.draws.admin_page import approvals_of, draw_page, opening_approvals, prizes_table, rule_facts
from lottery.draws.admin_steps import STEPS
from lottery.draws.charts import sums_of
from lottery.draws.models import Draw, Prize
from lottery.draws.rules import PRIZE_ROWS_MAX
from possys.clock import now_ms, utc

STATE_LABELS = {
    Draw.State.DRAFT: "info",
    Draw.State.OPEN: "success",
    Draw.State.FROZEN: "warning",
    Draw.State.DRAWN: "warning",
    Draw.State.PUBLISHED: "success",
    Draw.State.CLOSED: "info",
}
# Rows of the prize table that stand there empty.
PRIZE_ROWS = 3


class PrizeInline(TabularInline):  # type: ignore[misc]
    """The prize table of a draft."""

    model = Prize
    fk_name = "draw"
    form = PrizeForm
    formset = PrizeFormSet
    max_num = PRIZE_ROWS_MAX
    verbose_name_plural = "Prizes"
    hide_title = True

    def get_extra(self, request: HttpRequest, obj: Draw | None = None, **kwargs: Any) -> int:
        """Rows to begin with."""
        return PRIZE_ROWS if obj is None else 0

    def get_formset(self, request: HttpRequest, obj: Draw | None = None, **kwargs: Any) -> Any:
        """Too many rows are a fault, not cut off."""
        return super().get_formset(request, obj, validate_max=True, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the draw itself."""
        return request.user.has_perm("lottery.add_draw") or request.user.has_perm("lottery.change_draw")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the draw itself."""
        return self.has_add_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the draw itself."""
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the draw itself."""
        return self.has_add_permission(request, obj)


@admin.register(Draw)
class DrawAdmin(SteppedAdmin):
    """The latest first."""

    navigation_icon = "casino"
    navigation_rank = 0
    list_display = ("name_shown", "state_label", "receipts", "entries", "held", "tickets")
    list_filter = ("state",)
    form = DraftForm
    inlines = (PrizeInline,)
    steps = STEPS
    change_form_outer_before_template = "admin/lottery/_draft.html"
    fieldsets = (
        ("The draw", {"fields": (("number", "name"),)}),
        (
            "Which receipts take part",
            {
                "description": "Sales only; what is refunded or voided before the freeze drops out.",
                "fields": (
                    ("first_day", "last_day"),
                    ("currency", "minimum_total"),
                    ("takes_online", "takes_offline", "takes_business"),
                ),
            },
        ),
        (
            "How many tickets",
            {
                "description": "The caps hold for everybody from the first day on.",
                "fields": (
                    ("ticket_each", "tickets_a_receipt_max"),
                    ("monthly_tickets_max", "one_a_store_and_day"),
                    "double_methods",
                ),
            },
        ),
        (
            "When",
            {
                "description": "Leave some hours between the freeze and the draw: a list that was frozen too late must "
                "be postponed.",
                "fields": ("entries_until", "freezes_at", "draws_at", "claim_days"),
            },
        ),
        ("How winners are drawn", {"fields": ("mode",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Draw | None = None) -> Any:
        """Those above, with the time zone in which times are typed."""
        zone = f"Times are those of {timezone.get_current_timezone_name()}."
        return [
            (name, {**shown, "description": f"{zone} {shown['description']}"} if name == "When" else shown)
            for name, shown in self.fieldsets
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may set up draws."""
        return request.user.has_perm("lottery.add_draw")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Drafts only."""
        is_fixed = isinstance(obj, Draw) and obj.state != Draw.State.DRAFT
        return request.user.has_perm("lottery.change_draw") and not is_fixed

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A draw over the next month, in the currency of the latest one."""
        latest = Draw.objects.values_list("currency", flat=True).first()
        return {
            "number": drafts.next_number(),
            **drafts.proposed_dates(utc(now_ms())),
            "currency": latest or "",
            **{
                field.name: field.get_default()
                for field in Draw._meta.get_fields()
                if isinstance(field, Field) and field.name in drafts.COPIED and field.name not in NO_DEFAULT
            },
            **super().get_changeform_initial_data(request),
        }

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A draft's form for those who may change it; for all else the page of the draw."""
        draw: Draw = self.whole(request, object_id)
        buttons = self.buttons(request, draw)
        if draw.state != Draw.State.DRAFT:
            found = draw_page(draw, utc(now_ms()))
            return self.page(request, "draw.html", str(draw), original=draw, found=found, buttons=buttons)
        approved = approvals_of(opening_approvals(draw))
        if not self.has_change_permission(request, draw):
            facts, prizes = rule_facts(draw), prizes_table(draw)
            return self.page(
                request, "draft.html", str(draw), original=draw, facts=facts, prizes=prizes, buttons=buttons,
                approved=approved,
            )  # fmt: skip
        extra = {"buttons": buttons, "approved": approved}
        page: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})
        return page

    @admin.display(description="draw")
    def name_shown(self, draw: Draw) -> str:
        """Number and name."""
        return f"{draw.number}. {draw.name}"

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, draw: Draw) -> tuple[str, str]:
        """Where it is."""
        return draw.state, draw.get_state_display()

    @admin.display(description="receipts of")
    def receipts(self, draw: Draw) -> str:
        """The period."""
        return f"{draw.first_day} – {draw.last_day}"

    @admin.display(description="entries until")
    def entries(self, draw: Draw) -> str:
        """The last moment."""
        return at(draw.entries_until)

    @admin.display(description="draw at")
    def held(self, draw: Draw) -> str:
        """When it was held, or will be."""
        return at(draw.drawn_at or draw.postponed_to or draw.draws_at)

    @admin.display(description="tickets")
    def tickets(self, draw: Draw) -> str:
        """In the list; of an open draw those that take part now."""
        if draw.state == Draw.State.DRAFT:
            return "–"
        count = draw.ticket_count
        return f"{count:,}" if count is not None else f"{sums_of(draw, utc(now_ms())).tickets:,} so far"


# What has no sensible value, or one of its own above.
NO_DEFAULT = frozenset({"name", "currency", "minimum_total", "ticket_each"})
