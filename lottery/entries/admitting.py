"""Admits one receipt to one draw for one player: the rules, the caps, and who was first.

Whoever admits holds the draw against its freeze first and the player after it, always in this order, so that caps are
counted right and nobody waits for each other in a ring.
"""

import calendar
import secrets
from datetime import date, datetime
from typing import Literal, NamedTuple

from django.db import connection
from django.db.models import QuerySet, Sum

from lottery.draws.drawing import SALT_BYTES
from lottery.draws.models import Draw
from lottery.draws.rules import NoTicket, SaleFacts, tickets_of
from lottery.entries.models import Contest, Entry
from lottery.players.models import Player

Reason = Literal[
    "type", "mode", "business", "day", "currency", "minimum",
    "closed", "barred", "mine", "taken", "store", "month",
]  # fmt: skip


class Candidate(NamedTuple):
    """A receipt that may take part: which one, where from, and what the rules ask."""

    identity: int
    code: str
    retailer: int
    store: int
    facts: SaleFacts


class Outcome(NamedTuple):
    """What came of it: tickets, or why there are none."""

    draw: Draw
    tickets: int = 0
    reason: Reason | None = None
    # Whether the month's cap took some of the tickets.
    is_capped: bool = False


def hold_open(draws: list[Draw], now: datetime | None = None) -> list[Draw]:
    """Those of the draws that are open still, held against their freeze until the DB transaction ends.

    With `now`, those only that players can enter receipts in.
    """
    if not draws:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM lottery_draw WHERE id = ANY(%s) AND state = %s "
            "AND (%s::timestamptz IS NULL OR entries_until > %s) ORDER BY id FOR KEY SHARE",
            [sorted(draw.pk for draw in draws), Draw.State.OPEN, now, now],
        )
        held = {key for (key,) in cursor.fetchall()}
    return [draw for draw in draws if draw.pk in held]


def hold_player(player: Player) -> Player:
    """The player as it is now, held against everything else that counts its tickets."""
    return Player.objects.select_for_update(no_key=True).get(pk=player.pk)


def admit(draw: Draw, player: Player, one: Candidate, source: Entry.Source, now: datetime) -> Outcome:
    """Writes the entry if the rules and caps allow it; the draw and the player are held by the caller."""
    if player.barred_at is not None:
        return Outcome(draw, reason="barred")
    tickets = tickets_of(draw.rules, one.facts)
    if isinstance(tickets, NoTicket):
        return Outcome(draw, reason=tickets.reason)
    there = Entry.objects.filter(draw=draw, identity=one.identity, issued_on=one.facts.issued_on).first()
    if there is not None:
        return Outcome(draw, reason=_there(there, player, now))
    if draw.one_a_store_and_day and _own(draw, player).filter(store=one.store, issued_on=one.facts.issued_on).exists():
        return Outcome(draw, reason="store")
    left = draw.monthly_tickets_max - tickets_in_month(draw, player, one.facts.issued_on)
    if left < 1:
        return Outcome(draw, reason="month")
    entry = Entry(
        draw=draw, player=player, identity=one.identity, issued_on=one.facts.issued_on, code=one.code,
        retailer=one.retailer, store=one.store, total=one.facts.total, tickets=min(tickets, left),
        salt=secrets.token_bytes(SALT_BYTES), source=source, entered_at=now,
    )  # fmt: skip
    Entry.objects.bulk_create([entry], ignore_conflicts=True)
    # Somebody else's may have been quicker by a moment; only one of the two is there.
    there = Entry.objects.get(draw=draw, identity=one.identity, issued_on=one.facts.issued_on)
    if bytes(there.salt) != bytes(entry.salt):
        return Outcome(draw, reason=_there(there, player, now))
    return Outcome(draw, entry.tickets, is_capped=entry.tickets < tickets)


def tickets_in_month(draw: Draw, player: Player, day: date) -> int:
    """How many tickets of a draw a player has from receipts of a day's month."""
    last = calendar.monthrange(day.year, day.month)[1]
    month = (day.replace(day=1), day.replace(day=last))
    return _own(draw, player).filter(issued_on__range=month).aggregate(all=Sum("tickets"))["all"] or 0


def _own(draw: Draw, player: Player) -> QuerySet[Entry]:
    return Entry.objects.filter(draw=draw, player=player, state=Entry.State.IN)


def _there(entry: Entry, player: Player, now: datetime) -> Reason:
    """Why a receipt that is there already cannot be entered; another player's wish for it is kept."""
    if entry.player_id == player.pk:
        return "mine"
    Contest.objects.bulk_create(
        [Contest(draw=entry.draw, identity=entry.identity, issued_on=entry.issued_on, player=player, at=now)],
        ignore_conflicts=True,
    )
    return "taken"
