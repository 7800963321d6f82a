"""Players in the admin, their contacts masked; found by the whole contact, which no page ever shows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from lottery.admin_base import LotteryAdmin, at, key_lookup, known, page_of
from lottery.admin_steps import SteppedAdmin
from lottery.players.admin_steps import STEPS
from lottery.players.contacts import ContactError, keys_of, read_contact
from lottery.players.models import TAG_LENGTH, Barring, Player
from lottery.review.models import Suspicion
from possys.contact import masked
from transactions.admin_actions import link

STATE_LABELS = {"in": "success", "barred": "danger"}
# What a player's page shows of each; the rest is found by its own list.
ROWS_SHOWN = 20


@admin.register(Player)
class PlayerAdmin(SteppedAdmin):
    """Whoever was seen last stands first."""

    navigation_icon = "group"
    navigation_rank = 2
    list_display = ("key", "contact_masked", "kind", "language", "confirmed", "seen", "state_label")
    list_filter = ()
    ordering = ("-seen_at",)
    search_fields = ("tag",)
    search_help_text = "The whole contact, lottery tag or key"
    steps = STEPS

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Player], search_term: str
    ) -> tuple[QuerySet[Player], bool]:
        """By what is unique, whole; nothing searches in contacts."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if (key := key_lookup(term)) is not None:
            return queryset.filter(pk=key), False
        if len(term) == TAG_LENGTH and (found := queryset.filter(tag=term.upper())).exists():
            return found, False
        try:
            contact = read_contact(term)
        except ContactError:
            return queryset.none(), False
        return queryset.filter(contact_key__in=keys_of(contact)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One player, what was decided, and what looks odd."""
        player: Player = self.whole(request, object_id)
        return self.page(
            request, "player.html", f"Player {player.pk}", original=player, buttons=self.buttons(request, player),
            facts=_facts(player), tables=_tables(player), may_see_entries=request.user.has_perm("lottery.view_entry"),
        )  # fmt: skip

    @admin.display(description="player")
    def key(self, player: Player) -> str:
        """The beginning of the key."""
        return str(player.pk)[:8]

    @admin.display(description="contact")
    def contact_masked(self, player: Player) -> str:
        """Enough for its owner to know it again."""
        return masked(player.contact)

    @admin.display(description="confirmed")
    def confirmed(self, player: Player) -> str:
        """When."""
        return at(player.confirmed_at)

    @admin.display(description="last seen")
    def seen(self, player: Player) -> str:
        """When."""
        return at(player.seen_at)

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, player: Player) -> tuple[str, str]:
        """Whether barred."""
        return ("barred", "Barred") if player.barred_at else ("in", "Takes part")


@admin.register(Barring)
class BarringAdmin(LotteryAdmin):
    """Every decision on a player, the latest first; it outlives the player."""

    navigation_icon = "gavel"
    navigation_title = "Barred and let in"
    navigation_rank = 7
    list_display = ("decided", "is_barred", "player", "by", "reason")
    list_display_links = None
    list_select_related = ("by",)
    ordering = ("-pk",)

    @admin.display(description="at")
    def decided(self, barring: Barring) -> str:
        """When."""
        return at(barring.at)

    @admin.display(description="player")
    def player(self, barring: Barring) -> str:
        """The page of the player, who may be gone."""
        return link(reverse("admin:lottery_player_change", args=[barring.player_key]), str(barring.player_key)[:8])


def _facts(player: Player) -> list[tuple[str, Any]]:
    return known(
        [
            ("State", "barred" if player.barred_at else "takes part"),
            ("Barred", at(player.barred_at)),
            ("Because", player.barred_reason),
            ("Contact", f"{masked(player.contact)} ({player.get_kind_display()})"),
            ("Language", player.language),
            ("Confirmed", at(player.confirmed_at)),
            ("Last seen", at(player.seen_at)),
        ]
    )


def _tables(player: Player) -> list[tuple[str, dict[str, Any]]]:
    """What was decided, what looks odd, and the latest entries: three queries of few rows each."""
    decided = [
        (at(one.at), "barred" if one.is_barred else "let in again", one.by, one.reason)
        for one in Barring.objects.filter(player_key=player.pk).select_related("by")[:ROWS_SHOWN]
    ]
    odd = [
        (link(page_of(one), one.draw), one.score, one.get_state_display(), one.note)
        for one in Suspicion.objects.filter(player=player).select_related("draw")[:ROWS_SHOWN]
    ]
    entries = [
        (
            link(page_of(one), one.code),
            one.draw,
            one.issued_on.isoformat(),
            one.tickets,
            one.get_state_display(),
            at(one.entered_at),
        )
        for one in player.entries.select_related("draw")[:ROWS_SHOWN]
    ]
    return [
        ("What was decided", {"headers": ["at", "what", "by", "reason"], "rows": decided}),
        ("What looked odd", {"headers": ["draw", "points", "state", "note"], "rows": odd}),
        (
            f"The latest {ROWS_SHOWN} entries",
            {"headers": ["receipt", "draw", "issued on", "tickets", "state", "entered"], "rows": entries},
        ),
    ]
