"""Wins and payouts in the admin: read by those who may, decided by two people, paid through the payer's files."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from lottery.admin_base import LotteryAdmin, at, page_of, receipt_lookup
from lottery.admin_steps import SteppedAdmin
from lottery.prizes import paying
from lottery.prizes.admin_page import win_page
from lottery.prizes.admin_payouts import ExportForm, PaidForm, payable, payout_facts, pool_table
from lottery.prizes.admin_steps import STEPS
from lottery.prizes.errors import PrizeError
from lottery.prizes.models import Claim, Win
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.money import shown
from transactions.admin_actions import link

PAY_OUT = "lottery.pay_out"
STATE_LABELS = {
    Win.State.DRAWN: "info",
    Win.State.TOLD: "info",
    Win.State.CLAIMED: "warning",
    Win.State.APPROVED: "success",
    Win.State.PAID: "success",
    Win.State.EXPIRED: "danger",
    Win.State.REFUSED: "danger",
}


@admin.register(Win)
class WinAdmin(SteppedAdmin):
    """The latest draw's; of one draw in the order in which they were drawn."""

    navigation_icon = "trophy"
    navigation_rank = 4
    list_display = ("name_shown", "prize_shown", "amount", "state_label", "until", "claimed", "player")
    list_filter = ("state", "draw")
    list_select_related = ("draw", "prize", "claim", "entry__player")
    search_fields = ("entry__code",)
    search_help_text = "The receipt's code, whole"
    steps = STEPS

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Along the index of a draw's wins."""
        return ("number",) if "draw__id__exact" in request.GET else ("-draw_id", "-number")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Win], search_term: str
    ) -> tuple[QuerySet[Win], bool]:
        """By the receipt."""
        if not search_term.strip():
            return queryset, False
        found = receipt_lookup(search_term)
        if found is None:
            return queryset.none(), False
        return queryset.filter(entry__identity=found["identity"], entry__issued_on=found["issued_on"]), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Win]:
        """With all that pages show."""
        rows: QuerySet[Win] = super().get_queryset(request)
        return rows.select_related("draw", "prize", "claim", "entry__player", "carried_to")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One win with its claim."""
        win: Win = self.whole(request, object_id)
        assert isinstance(request.user, User)
        found, buttons = win_page(win, request.user), self.buttons(request, win)
        title = f"Win {win.number + 1} of draw {win.draw.number}"
        return self.page(request, "win.html", title, original=win, found=found, buttons=buttons)

    @admin.display(description="win")
    def name_shown(self, win: Win) -> str:
        """Draw and order."""
        return f"{win.draw.number} / {win.number + 1}"

    @admin.display(description="prize")
    def prize_shown(self, win: Win) -> str:
        """Its name."""
        return win.prize.name

    @admin.display(description="amount")
    def amount(self, win: Win) -> str:
        """As people write it."""
        return format_html('<span class="whitespace-nowrap">{}</span>', shown(win.prize.amount, win.draw.currency))

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, win: Win) -> tuple[str, str]:
        """Where it is."""
        return win.state, win.get_state_display()

    @admin.display(description="claim until")
    def until(self, win: Win) -> str:
        """The deadline."""
        return at(win.claim_until)

    @admin.display(description="claimed")
    def claimed(self, win: Win) -> str:
        """When."""
        return at(win.claim.claimed_at) if hasattr(win, "claim") else ""

    @admin.display(description="player")
    def player(self, win: Win) -> str:
        """Whose."""
        return link(page_of(win.entry.player), win.entry.player) if win.entry.player else "left"


@admin.register(Claim)
class PayoutAdmin(LotteryAdmin):
    """One page: a file for the payer, what was paid, and what waits for the next draw."""

    navigation_icon = "payments"
    navigation_title = "Payouts"
    navigation_rank = 5

    def get_urls(self) -> list[URLPattern]:
        """The page, and its two forms."""
        pages = (
            ("", "changelist", self.changelist_view),
            ("export/", "export", self.export),
            ("paid/", "paid", self.paid),
        )
        return [path(at, self.admin_site.admin_view(view), name=f"lottery_claim_{name}") for at, name, view in pages]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None, **forms: Any) -> HttpResponse:
        """All of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_pay = request.user.has_perm(PAY_OUT)
        shown_forms = {"export": ExportForm(), "paid": PaidForm(), **forms} if may_pay else {}
        status = 400 if forms else 200
        return self.page(
            request, "payouts.html", "Payouts", status=status, facts=payout_facts(utc(now_ms())), pool=pool_table(),
            may_pay=may_pay, forms=shown_forms,
        )  # fmt: skip

    def export(self, request: HttpRequest) -> HttpResponse:
        """POST answers with the file. It holds names and accounts, so the browser keeps no copy."""
        by, form = self._payer(request), ExportForm(request.POST)
        if not form.is_valid():
            return self.changelist_view(request, export=form)
        try:
            file = paying.export_payouts(payable(form.cleaned_data["which"]), by, utc(now_ms()))
        except PrizeError as fault:
            form.add_error(None, _sentence(fault))
            return self.changelist_view(request, export=form)
        for reason in file.left_out:
            messages.warning(request, f"Not in the file: {reason}.")
        response = HttpResponse(file.content, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file.name}"'
        response["Cache-Control"] = "no-store"
        return response

    def paid(self, request: HttpRequest) -> HttpResponse:
        """POST takes the payer's word."""
        self._payer(request)
        form = PaidForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.changelist_view(request, paid=form)
        try:
            marked = paying.mark_paid(form.cleaned_data["named"], utc(now_ms()))
        except PrizeError as fault:
            form.add_error(None, _sentence(fault))
            return self.changelist_view(request, paid=form)
        messages.success(request, f"{marked.paid} payouts are marked as paid; {marked.already} were so already.")
        return HttpResponseRedirect(reverse("admin:lottery_claim_changelist"))

    def _payer(self, request: HttpRequest) -> User:
        """Whoever may, by POST."""
        if request.method != "POST" or not self.has_view_permission(request) or not request.user.has_perm(PAY_OUT):
            raise PermissionDenied
        assert isinstance(request.user, User)
        return request.user


def _sentence(fault: PrizeError) -> str:
    text = str(fault)
    return f"{text[:1].upper()}{text[1:]}."
