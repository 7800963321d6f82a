"""Entries in the admin: to look at only. The newest, or all of a receipt or a player; no page counts them all."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.admin_entries import entry_url
from lottery.admin_base import LotteryAdmin, at, key_lookup, known, page_of, receipt_lookup
from lottery.draws.drawing import ticket_of
from lottery.entries.models import Contest, Entry
from possys.money import shown
from transactions.admin_actions import link

STATE_LABELS = {
    Entry.State.IN: "success",
    Entry.State.TAKEN_BACK: "warning",
    Entry.State.WITHDRAWN: "info",
    Entry.State.BARRED: "danger",
}


@admin.register(Entry)
class EntryAdmin(LotteryAdmin):
    """The newest first."""

    navigation_icon = "confirmation_number"
    navigation_rank = 3
    list_display = (
        "code_shown",
        "draw",
        "store_link",
        "issued",
        "tickets",
        "source",
        "state_label",
        "entered",
        "whose",
    )
    list_select_related = ("draw", "player")
    # Any filter of the list would have to read what no index is ordered by.
    list_filter = ()
    ordering = ("-pk",)
    search_fields = ("code",)
    search_help_text = "A receipt's code, or the key of a player, whole"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """By receipt or player, each through its index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if (player := key_lookup(term)) is not None:
            return queryset.filter(player=player).order_by("-entered_at"), False
        if (found := receipt_lookup(term)) is not None:
            return queryset.filter(**found), False
        messages.warning(request, "This is neither a receipt's code nor the key of a player.")
        return queryset.none(), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One entry with its tickets."""
        entry: Entry = self.whole(request, object_id)
        return self.page(request, "row.html", entry.code, original=entry, facts=_facts(entry))

    @admin.display(description="receipt")
    def code_shown(self, entry: Entry) -> str:
        """In one line, to be read out."""
        return format_html('<span class="whitespace-nowrap">{}</span>', entry.code)

    @admin.display(description="issued on")
    def issued(self, entry: Entry) -> str:
        """As it stands in addresses and files."""
        return entry.issued_on.isoformat()

    @admin.display(description="store")
    def store_link(self, entry: Entry) -> str:
        """Its page."""
        return _store(entry)

    @display(description="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, entry: Entry) -> tuple[str, str]:
        """Whether it takes part."""
        return entry.state, entry.get_state_display()

    @admin.display(description="entered")
    def entered(self, entry: Entry) -> str:
        """When."""
        return at(entry.entered_at)

    @admin.display(description="player")
    def whose(self, entry: Entry) -> str:
        """A link, or that the player is gone."""
        return link(page_of(entry.player), entry.player) if entry.player else "left"


def _store(entry: Entry) -> str:
    return link(reverse("admin:transactions_store_change", args=[entry.store]), entry.store)


def _facts(entry: Entry) -> list[tuple[str, Any]]:
    others = Contest.objects.filter(draw=entry.draw_id, identity=entry.identity, issued_on=entry.issued_on)
    wanted = [link(page_of(one.player), f"{one.player} at {at(one.at)}") for one in others.select_related("player")]
    tickets = [
        ticket_of(entry.draw.number, entry.code, number, bytes(entry.salt)).hex()
        for number in range(1, entry.tickets + 1)
    ]
    return known(
        [
            ("State", entry.get_state_display()),
            ("Draw", link(page_of(entry.draw), entry.draw)),
            ("Receipt", link(entry_url(entry.code), entry.code)),
            ("Issued on", entry.issued_on.isoformat()),
            ("Total", shown(entry.total, entry.draw.currency)),
            ("Store", _store(entry)),
            ("Entered", f"{at(entry.entered_at)}, by {entry.get_source_display()}"),
            ("Player", link(page_of(entry.player), entry.player) if entry.player else "left"),
            ("Wanted by others", format_html_join(SafeString("<br>"), "{}", ((one,) for one in wanted))),
            ("Tickets", format_html_join(SafeString("<br>"), "<code>{}</code>", ((one,) for one in tickets))),
        ]
    )
