"""Looking for abuse of a draw, and what a reviewer decides: cleared, barred, let in again."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.players.models import REASON_MAX, Barring, Player
from lottery.review.facts import facts_of, frame_of
from lottery.review.models import Suspicion
from lottery.review.signals import SCORE_MIN, Signal, score_of, signals_of
from possys.accounts.models import User

# What a reviewer can be shown of a draw; the highest scores.
SUSPICIONS_MAX = 1000
# So much more than what was cleared is new: another device or ring, not one receipt more.
REOPEN_POINTS = 20
# Draws whose players can still be barred from something: from tickets, or from a payout.
LOOKED_AT = (Draw.State.OPEN, Draw.State.FROZEN, Draw.State.DRAWN)
# The columns that a later look may change.
LOOKED = ("score", "signals", "state", "computed_at")


class ReviewError(ValueError):
    """What was asked cannot be done; the message says why."""


class Looked(NamedTuple):
    """What a look brought: suspicions that are open now, and those of them that are new."""

    is_open: int
    new: int


def look(draw: Draw, now: datetime) -> Looked:
    """Computes the suspicions of a draw anew. What was reviewed stays, unless much more has come to light."""
    found = _scored(draw)
    with transaction.atomic():
        # One look at a time: a second one waits and changes nothing more.
        Draw.objects.select_for_update(no_key=True).get(pk=draw.pk)
        known = {one.player_id: one for one in Suspicion.objects.filter(draw=draw).select_for_update()}
        there = set(Player.objects.filter(pk__in=found.keys() - known.keys()).values_list("pk", flat=True))
        fresh = [_suspicion(draw, player, found[player], now) for player in there]
        Suspicion.objects.bulk_create(fresh)
        changed = [one for player, one in known.items() if player in found and _renew(one, found[player], now)]
        Suspicion.objects.bulk_update(changed, LOOKED)
        gone = [one.pk for player, one in known.items() if player not in found and one.state == Suspicion.State.OPEN]
        Suspicion.objects.filter(pk__in=gone).delete()
        is_open = Suspicion.objects.filter(draw=draw, state=Suspicion.State.OPEN).count()
    return Looked(is_open, len(fresh))


def look_at_all(now: datetime) -> dict[int, Looked]:
    """Every draw in which something can still be done about it, by its number."""
    return {draw.number: look(draw, now) for draw in Draw.objects.filter(state__in=LOOKED_AT).order_by("number")}


def _scored(draw: Draw) -> dict[UUID, list[Signal]]:
    frame = frame_of(draw)
    signals = {player: signals_of(facts, frame) for player, facts in facts_of(draw).items()}
    striking = [(score_of(of), player) for player, of in signals.items() if score_of(of) >= SCORE_MIN]
    return {player: signals[player] for _, player in sorted(striking, reverse=True)[:SUSPICIONS_MAX]}


def _written(signals: Iterable[Signal]) -> list[dict[str, object]]:
    return [signal._asdict() for signal in signals]


def _suspicion(draw: Draw, player: UUID, signals: list[Signal], now: datetime) -> Suspicion:
    return Suspicion(draw=draw, player_id=player, score=score_of(signals), signals=_written(signals), computed_at=now)


def _renew(one: Suspicion, signals: list[Signal], now: datetime) -> bool:
    """Whether it is to be kept as it was made now."""
    score = score_of(signals)
    if one.state == Suspicion.State.BARRED:
        return False
    if one.state == Suspicion.State.CLEARED and score < one.score + REOPEN_POINTS:
        return False
    one.score, one.signals, one.computed_at, one.state = score, _written(signals), now, Suspicion.State.OPEN
    return True


def clear(suspicion: Suspicion, by: User, reason: str, now: datetime) -> None:
    """Nothing is wrong with it. Raises ReviewError."""
    reason = _reason(reason)
    with transaction.atomic():
        locked = Suspicion.objects.select_for_update().get(pk=suspicion.pk)
        if locked.state != Suspicion.State.OPEN:
            raise ReviewError(f"it is {locked.get_state_display()} already")
        _decided(Suspicion.objects.filter(pk=locked.pk), Suspicion.State.CLEARED, by, reason, now)


def bar(player: Player, by: User, reason: str, now: datetime) -> int:
    """Takes a player's receipts out of every draw that is not frozen, and lets no others in. Answers how many entries.

    Raises ReviewError.
    """
    reason = _reason(reason)
    with transaction.atomic():
        locked = _locked(player)
        if locked.barred_at is not None:
            raise ReviewError("this player is barred already")
        locked.barred_at, locked.barred_reason = now, reason
        locked.save(update_fields=["barred_at", "barred_reason"])
        Barring.objects.create(player_key=locked.pk, is_barred=True, reason=reason, by=by, at=now)
        waiting = Suspicion.objects.filter(player=locked, state=Suspicion.State.OPEN)
        _decided(waiting, Suspicion.State.BARRED, by, reason, now)
        return _entries(locked).filter(state=Entry.State.IN).update(state=Entry.State.BARRED)


def let_in(player: Player, by: User, reason: str, now: datetime) -> int:
    """The reverse: receipts of draws that are not frozen take part again. Answers how many. Raises ReviewError."""
    reason = _reason(reason)
    with transaction.atomic():
        locked = _locked(player)
        if locked.barred_at is None:
            raise ReviewError("this player is not barred")
        locked.barred_at, locked.barred_reason = None, ""
        locked.save(update_fields=["barred_at", "barred_reason"])
        Barring.objects.create(player_key=locked.pk, is_barred=False, reason=reason, by=by, at=now)
        was_barred = Suspicion.objects.filter(player=locked, state=Suspicion.State.BARRED)
        _decided(was_barred, Suspicion.State.CLEARED, by, reason, now)
        return _entries(locked).filter(state=Entry.State.BARRED).update(state=Entry.State.IN)


def _locked(player: Player) -> Player:
    """The player, held against entering more; and the open draws, so that none is frozen between two reads."""
    locked = Player.objects.select_for_update().get(pk=player.pk)
    list(Draw.objects.select_for_update(no_key=True).filter(state=Draw.State.OPEN).order_by("pk").values_list("pk"))
    return locked


def _entries(player: Player) -> QuerySet[Entry]:
    """The player's entries in draws whose list is not fixed yet."""
    return Entry.objects.filter(player=player, draw__in=Draw.objects.filter(state=Draw.State.OPEN))


def _decided(which: QuerySet[Suspicion], state: Suspicion.State, by: User, reason: str, now: datetime) -> None:
    which.update(state=state, reviewed_by=by, reviewed_at=now, note=reason)


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > REASON_MAX:
        raise ReviewError(f"give a reason of 1 to {REASON_MAX} characters")
    return reason
