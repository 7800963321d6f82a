"""A player's own receipts in the draws: what became of each, its tickets, and where they are in the frozen list."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Prefetch

from lottery.draws.drawing import ticket_of
from lottery.draws.lists import TicketProof, ticket_proof
from lottery.draws.models import Draw
from lottery.entries.admitting import tickets_in_month
from lottery.entries.models import Entry, TakenBack
from lottery.players.models import Player
from lottery.prizes.models import Win
from possys.clock import now_ms, utc

PAGE_ENTRIES = 50
S, D = Entry.State, Draw.State
HELD = frozenset({D.PUBLISHED, D.CLOSED})


class Own(NamedTuple):
    """One receipt of the player's: `state` is a word for the page (see templates/lottery/_entry_state.html)."""

    entry: Entry
    draw: Draw
    state: str
    wins: list[Win]


class Used(NamedTuple):
    """How many of a month's tickets a player has in an open draw."""

    draw: Draw
    tickets: int


class OwnTicket(NamedTuple):
    """One ticket, and from the freeze on its proof."""

    number: int
    ticket: str
    proof: TicketProof | None


class OwnEntry(NamedTuple):
    """One receipt in full."""

    own: Own
    salt: str
    tickets: list[OwnTicket]


def own(player: Player, page: int) -> dict[str, Any]:
    """A page of the player's receipts, the latest first, and what the caps leave: a few queries, however many."""
    page = max(1, page)
    rows = list(_entries(player)[(page - 1) * PAGE_ENTRIES : page * PAGE_ENTRIES + 1])
    today = utc(now_ms()).date()
    open_ones = Draw.objects.filter(state=D.OPEN, first_day__lte=today, last_day__gte=today).order_by("entries_until")
    return {
        "entries": [_own(entry) for entry in rows[:PAGE_ENTRIES]],
        "page": page,
        "has_next": len(rows) > PAGE_ENTRIES,
        "used": [Used(draw, tickets_in_month(draw, player, today)) for draw in open_ones],
    }


def own_entry(player: Player, key: int) -> OwnEntry | None:
    """One receipt of the player's; None for what is nobody's or somebody else's."""
    entry = _entries(player).filter(pk=key).first()
    if entry is None:
        return None
    draw, salt = entry.draw, bytes(entry.salt)
    made = [ticket_of(draw.number, entry.code, number, salt) for number in range(1, entry.tickets + 1)]
    is_listed = draw.frozen_at is not None and entry.state == S.IN
    tickets = [
        OwnTicket(number, one.hex(), ticket_proof(draw, one) if is_listed else None)
        for number, one in enumerate(made, 1)
    ]
    return OwnEntry(_own(entry), salt.hex(), tickets)


def _entries(player: Player) -> Any:
    back = TakenBack.objects.filter(
        original=OuterRef("identity"), original_on=OuterRef("issued_on"), retailer=OuterRef("retailer")
    )
    wins = Prefetch("wins", Win.objects.select_related("prize").order_by("number"))
    return (
        Entry.objects.filter(player=player)
        .select_related("draw")
        .prefetch_related(wins)
        .annotate(is_back=Exists(back))
        .order_by("-entered_at", "-pk")
    )


def _own(entry: Any) -> Own:
    wins = list(entry.wins.all()) if entry.draw.state in HELD else []
    return Own(entry, entry.draw, _state(entry, wins), wins)


def _state(entry: Any, wins: Iterable[Win]) -> str:
    if entry.state != S.IN:
        return str(entry.state)
    # What is taken back after the freeze keeps its tickets, but is paid no prize.
    if entry.draw.frozen_at is None and entry.is_back:
        return str(S.TAKEN_BACK)
    if entry.draw.state not in HELD:
        return "in" if entry.draw.frozen_at is None else "listed"
    return "won" if wins else "drawn"
