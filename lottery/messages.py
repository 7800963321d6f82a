"""Messages to players. Until the outbox is there, a stub that remembers them in this process only."""

from datetime import datetime
from typing import Literal, NamedTuple

from lottery.players.models import Player
from lottery.prizes.models import Win

MessageKind = Literal["code", "won", "reminder", "refused", "paid"]


class Told(NamedTuple):
    """One message."""

    player: Player
    kind: MessageKind
    win: Win | None
    now: datetime


told: list[Told] = []


def tell(player: Player, kind: MessageKind, *, now: datetime, win: Win | None = None) -> None:
    """Writes a message for a player, in the caller's DB transaction."""
    told.append(Told(player, kind, win, now))


def was_told(kind: MessageKind, win: Win) -> bool:
    """Whether a win's player was written to with this kind of message already."""
    return any(one.kind == kind and one.win == win for one in told)
