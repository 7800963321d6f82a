"""Deletes what is held of players: on their request, and on schedule. Their tickets stay, and name nobody.

player         on request; or not seen for PLAYER_KEPT and in no draw that is not closed
confirmation   after a day
sighting       after SIGHTINGS_KEPT; with its player
tagged sale    after TAGGED_KEPT: the tag is a player's, as long as there is one
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from lottery.draws.models import Draw
from lottery.entries.models import Entry, TaggedSale
from lottery.messages.models import Message
from lottery.messages.operations import ENDED_KEPT
from lottery.players.models import Confirmation, Player, Sighting
from lottery.prizes.erasing import erase_for_player
from lottery.prizes.models import Win
from possys.outbox import WAITING

# Somebody who has not come for two years has given up.
PLAYER_KEPT = timedelta(days=730)
CONFIRMATION_KEPT = timedelta(days=1)
# Rings of accounts show within a draw or two.
SIGHTINGS_KEPT = timedelta(days=90)
# The oldest receipts that tills may send are 400 days old; no draw is still open by then.
TAGGED_KEPT = timedelta(days=430)
# Players in one run; each is a DB transaction of its own.
PLAYERS_AT_ONCE = 1000
# Wins that are lost with their player: what two people have approved is paid all the same.
LOST = (Win.State.DRAWN, Win.State.TOLD, Win.State.CLAIMED)


class Deleted(NamedTuple):
    """How many of each went."""

    players: int
    confirmations: int
    sightings: int
    tagged: int
    messages: int


def delete_player(key: UUID, now: datetime) -> bool:
    """Deletes a player and all that names them; answers whether there was one.

    Their receipts leave the draws that are not frozen. In frozen ones the tickets stay in the list, without a player;
    claims that nobody has approved end, and their accounts are erased.
    """
    with transaction.atomic():
        # Draws before players, as whoever admits receipts.
        draws = list(Draw.objects.filter(state=Draw.State.OPEN).order_by("pk").select_for_update(no_key=True))
        # And wins, as whoever tells a player of one.
        erase_for_player(key, now)
        player = Player.objects.select_for_update().filter(pk=key).first()
        if player is None:
            return False
        Entry.objects.filter(player=player, draw__in=draws, state=Entry.State.IN).update(state=Entry.State.WITHDRAWN)
        Confirmation.objects.filter(contact_key=player.contact_key).delete()
        player.delete()
    return True


def lost_with(player: Player) -> list[Win]:
    """The prizes that a player would lose by going."""
    wins = Win.objects.filter(entry__player=player, state__in=LOST, claim_until__isnull=False)
    return list(wins.select_related("draw", "prize").order_by("claim_until"))


def delete_due(now: datetime) -> Deleted:
    """Deletes what has been kept long enough."""
    alive = Entry.objects.filter(player=OuterRef("pk")).exclude(draw__state=Draw.State.CLOSED)
    gone = Player.objects.filter(~Exists(alive), seen_at__lt=now - PLAYER_KEPT).values_list("pk", flat=True)
    players = sum(delete_player(key, now) for key in list(gone[:PLAYERS_AT_ONCE]))
    day = (now - SIGHTINGS_KEPT).date()
    return Deleted(
        players,
        Confirmation.objects.filter(asked_at__lt=now - CONFIRMATION_KEPT).delete()[0],
        Sighting.objects.filter(day__lt=day).delete()[0],
        TaggedSale.objects.filter(issued_on__lt=(now - TAGGED_KEPT).date()).delete()[0],
        Message.objects.filter(ended_at__lt=now - ENDED_KEPT, win=None).exclude(state=WAITING).delete()[0],
    )
