"""The reviewers' queue in the admin: who looks like a collector of strangers' receipts, why, and what was decided."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from kombu.exceptions import KombuError
from redis.exceptions import RedisError
from unfold.decorators import action, display

from lottery.admin_base import at, known, page_of
from lottery.admin_steps import Done, ReasonForm, Step, SteppedAdmin
from lottery.review import operations, queries
from lottery.review.admin_forms import BulkForm, LookForm
from lottery.review.models import Suspicion
from lottery.review.tasks import look_at_draw
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.contact import masked
from transactions.admin_actions import link

RIGHT = "lottery.bar_player"
STATE_LABELS = {
    Suspicion.State.OPEN: "warning",
    Suspicion.State.CLEARED: "success",
    Suspicion.State.BARRED: "danger",
}
# How signals are called in a list.
KINDS = {
    "contests": "contested receipts",
    "ring": "ring",
    "device": "shared device",
    "network": "shared network",
    "burst": "burst",
    "hour-stores": "many stores in an hour",
    "stores": "many stores",
    "cap": "close to the cap",
    "late": "old receipts",
    "only-page": "never by tag",
}
# As many as stand on a page of the list.
BULK_MAX = 50


def _clear(suspicion: Suspicion, by: User, answers: dict[str, Any], now: datetime) -> Done:
    operations.clear(suspicion, by, answers["reason"], now)
    return Done("Cleared: it is shown again only when much more comes to light.")


def _bar(suspicion: Suspicion, by: User, answers: dict[str, Any], now: datetime) -> Done:
    entries = operations.bar(suspicion.player, by, answers["reason"], now)
    return Done(f"The {suspicion.player} is barred; {entries:,} receipts no longer take part.")


def _let_in(suspicion: Suspicion, by: User, answers: dict[str, Any], now: datetime) -> Done:
    entries = operations.let_in(suspicion.player, by, answers["reason"], now)
    return Done(f"The {suspicion.player} is let in again; {entries:,} receipts take part again.")


def _evidence(suspicion: Suspicion, by: User) -> list[tuple[str, Any]]:
    return [(KINDS.get(one["kind"], one["kind"]).capitalize(), one["evidence"]) for one in suspicion.signals]


STEPS = (
    Step(
        name="clear",
        title="Clear it",
        explanation="Nothing is wrong: the player takes part as before.",
        permission=RIGHT,
        is_due=lambda one, now: one.state == Suspicion.State.OPEN,
        carry_out=_clear,
        form=ReasonForm,
        seen=lambda one: f"{one.state} {one.score}",
        facts=_evidence,
    ),
    Step(
        name="bar",
        title="Bar the player",
        explanation="The player's receipts leave every draw that is not frozen, no others are taken, and no payout of "
        "theirs is approved.",
        permission=RIGHT,
        is_due=lambda one, now: one.state == Suspicion.State.OPEN and one.player.barred_at is None,
        carry_out=_bar,
        form=ReasonForm,
        seen=lambda one: f"{one.state} {one.score}",
        facts=_evidence,
        is_dangerous=True,
    ),
    Step(
        name="let-in",
        title="Let the player in again",
        explanation="The receipts that were taken out of draws which are not frozen yet take part again.",
        permission=RIGHT,
        is_due=lambda one, now: one.player.barred_at is not None,
        carry_out=_let_in,
        form=ReasonForm,
    ),
)


@admin.register(Suspicion)
class SuspicionAdmin(SteppedAdmin):
    """The highest score first, those that wait for a reviewer before the others."""

    navigation_icon = "policy"
    navigation_title = "To be reviewed"
    navigation_rank = 6
    list_display = ("score", "player_shown", "draw", "why", "state_label", "computed")
    list_filter = ("state", "draw")
    list_select_related = ("draw", "player")
    actions = ("clear_all", "bar_all")
    actions_list = ("look",)
    steps = STEPS

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Along the index."""
        return ("-score", "pk") if "state__exact" in request.GET else ("-state", "-score", "pk")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """For those who may decide."""
        if not request.user.has_perm(RIGHT):
            return {}
        return {name: found for name in self.actions if (found := self.get_action(name))}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One player in one draw: the evidence in words, and whom the player is connected with."""
        one: Suspicion = self.whole(request, object_id)
        title = f"{one.score} points: {one.player} in draw {one.draw.number}"
        return self.page(
            request, "suspicion.html", title, original=one, buttons=self.buttons(request, one), facts=_facts(one),
            signals=_signals(one), connected=_connected(one),
        )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suspicion]:
        """With all that pages show."""
        rows: QuerySet[Suspicion] = super().get_queryset(request)
        return rows.select_related("draw", "player", "reviewed_by")

    @admin.display(description="player")
    def player_shown(self, one: Suspicion) -> str:
        """With as much of the contact as its owner knows again."""
        return f"{str(one.player_id)[:8]} · {masked(one.player.contact)}"

    @admin.display(description="why")
    def why(self, one: Suspicion) -> str:
        """The weightiest signals."""
        return ", ".join(f"{KINDS.get(found['kind'], found['kind'])} {found['points']}" for found in one.signals[:3])

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, one: Suspicion) -> tuple[str, str]:
        """Whether it waits."""
        return one.state, one.get_state_display()

    @admin.display(description="looked at")
    def computed(self, one: Suspicion) -> str:
        """When."""
        return at(one.computed_at)

    @admin.action(description="Clear the chosen ones")
    def clear_all(self, request: HttpRequest, chosen: QuerySet[Suspicion]) -> HttpResponse | None:
        """With one reason."""
        return self._decide(request, chosen, "clear_all", "Clear the chosen ones", operations.clear)

    @admin.action(description="Bar the chosen players")
    def bar_all(self, request: HttpRequest, chosen: QuerySet[Suspicion]) -> HttpResponse | None:
        """With one reason."""

        def bar(one: Suspicion, by: User, reason: str, now: datetime) -> None:
            operations.bar(one.player, by, reason, now)

        return self._decide(request, chosen, "bar_all", "Bar the chosen players", bar)

    def _decide(
        self,
        request: HttpRequest,
        chosen: QuerySet[Suspicion],
        name: str,
        title: str,
        decide: Callable[[Suspicion, User, str, datetime], None],
    ) -> HttpResponse | None:
        """Asks for the reason, then decides on each; what somebody else decided meanwhile is left and said."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        assert isinstance(request.user, User)
        rows = list(chosen.select_related("player", "draw")[:BULK_MAX])
        form = BulkForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self.page(
                request, "bulk.html", title, rows=rows, form=form, action=name, checkbox=ACTION_CHECKBOX_NAME,
                back_url=reverse("admin:lottery_suspicion_changelist"),
            )  # fmt: skip
        done = 0
        for one in rows:
            try:
                decide(one, request.user, form.cleaned_data["reason"], utc(now_ms()))
            except operations.ReviewError as fault:
                messages.warning(request, f"{one}: {fault}.")
            else:
                self.log_change(request, one, f"{title}: {form.cleaned_data['reason']}")
                done += 1
        messages.success(request, f"{title}: {done} of {len(rows)} done.")
        return None

    @action(description="Look again now", icon="search", url_path="look")  # type: ignore[untyped-decorator]
    def look(self, request: HttpRequest) -> HttpResponse:
        """GET asks which draw, POST has it looked at."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        back = reverse("admin:lottery_suspicion_changelist")
        form = LookForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            draw = form.cleaned_data["draw"]
            try:
                look_at_draw.apply_async((draw.number,), retry=False)
            except (KombuError, RedisError, OSError):
                messages.error(request, "Nothing was done: the queue of tasks cannot be reached. Try again.")
            else:
                messages.success(request, f"{draw} is looked at now; load this page again in a minute.")
            return HttpResponseRedirect(back)
        return self.page(request, "look.html", "Look again now", form=form, back_url=back)


def _facts(one: Suspicion) -> list[tuple[str, Any]]:
    return known(
        [
            ("State", one.get_state_display()),
            ("Player", link(page_of(one.player), f"{one.player} · {masked(one.player.contact)}")),
            ("Barred", at(one.player.barred_at)),
            ("Draw", link(page_of(one.draw), one.draw)),
            ("Points", one.score),
            ("Looked at", at(one.computed_at)),
            ("Decided", f"{one.reviewed_by} at {at(one.reviewed_at)}" if one.reviewed_by else ""),
            ("Reason", one.note),
            ("Entries", link(f"{reverse('admin:lottery_entry_changelist')}?q={one.player_id}", "all of the player's")),
        ]
    )


def _signals(one: Suspicion) -> dict[str, Any]:
    rows = [(found["points"], KINDS.get(found["kind"], found["kind"]), found["evidence"]) for found in one.signals]
    return {"headers": ["points", "what", "evidence"], "rows": rows}


def _connected(one: Suspicion) -> list[tuple[str, dict[str, Any]]]:
    def rows(found: queries.Connected) -> list[tuple[Any, int]]:
        return [
            (link(reverse("admin:lottery_player_change", args=[key]), f"player {str(key)[:8]}"), count)
            for key, count in found
        ]

    receipts, devices = rows(queries.by_receipts(one)), rows(queries.by_devices(one))
    return [
        ("Players with whom receipts were passed around", {"headers": ["player", "receipts"], "rows": receipts}),
        ("Players on the same devices", {"headers": ["player", "days"], "rows": devices}),
    ]
