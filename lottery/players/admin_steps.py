"""What a reviewer does with a player: bars, or lets in again."""

from datetime import datetime
from typing import Any

from lottery.admin_steps import Done, ReasonForm, Step
from lottery.players.models import Player
from lottery.review import operations
from possys.accounts.models import User

RIGHT = "lottery.bar_player"


def _bar(player: Player, by: User, answers: dict[str, Any], now: datetime) -> Done:
    entries = operations.bar(player, by, answers["reason"], now)
    return Done(f"The {player} is barred; {entries:,} receipts no longer take part.")


def _let_in(player: Player, by: User, answers: dict[str, Any], now: datetime) -> Done:
    entries = operations.let_in(player, by, answers["reason"], now)
    return Done(f"The {player} is let in again; {entries:,} receipts take part again.")


STEPS = (
    Step(
        name="bar",
        title="Bar the player",
        explanation="The player's receipts leave every draw that is not frozen, no others are taken, and no payout of "
        "theirs is approved.",
        permission=RIGHT,
        is_due=lambda player, now: player.barred_at is None,
        carry_out=_bar,
        form=ReasonForm,
        seen=lambda player: str(player.barred_at),
        is_dangerous=True,
    ),
    Step(
        name="let-in",
        title="Let the player in again",
        explanation="The receipts that were taken out of draws which are not frozen yet take part again.",
        permission=RIGHT,
        is_due=lambda player, now: player.barred_at is not None,
        carry_out=_let_in,
        form=ReasonForm,
        seen=lambda player: str(player.barred_at),
    ),
)
