"""Writes messages into the outbox, in the DB transaction of what causes them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from lottery.messages.models import Message
from lottery.players.models import Confirmation, Player
from lottery.prizes.models import Win

News = Literal["won", "reminder", "refused", "paid"]
# What was sent or given up is kept so long for staff to look at; what tells of a win stays with it, as the proof that
# its player was told.
ENDED_KEPT = timedelta(days=30)


def send_code(confirmation: Confirmation, now: datetime) -> None:
    """Writes the message with a confirmation's code."""
    Message.objects.create(
        kind=Message.Kind.CODE, channel=confirmation.kind, confirmation=confirmation, written_at=now, due_at=now
    )


def tell(player: Player, kind: News, *, now: datetime, win: Win | None = None) -> None:
    """Writes a message on a win for its player; a win is told of once for each kind."""
    tell_all([(player, win)], kind, now=now)


def tell_all(told: Iterable[tuple[Player, Win | None]], kind: News, *, now: datetime) -> None:
    """The same for many."""
    Message.objects.bulk_create(
        [
            Message(kind=kind, channel=player.kind, player=player, win=win, written_at=now, due_at=now)
            for player, win in told
        ],
        ignore_conflicts=True,
    )


def was_told(kind: News, win: Win) -> bool:
    """Whether a win's player was written to with this kind of message already."""
    return Message.objects.filter(win=win, kind=kind).exists()
