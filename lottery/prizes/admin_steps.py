"""What two people decide about a win: that it is paid, or that it is refused."""

from datetime import datetime
from typing import Any

from lottery.admin_steps import Done, ReasonForm, Step
from lottery.prizes import paying
from lottery.prizes.admin_page import approval_lines, claim_facts, win_facts
from lottery.prizes.errors import PrizeError
from lottery.prizes.models import Win
from possys.accounts.models import User

RIGHT = "lottery.approve_payout"
TWICE = "you have said so already; somebody else must, too"


class RefuseForm(ReasonForm):
    """The reason, which the player reads, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "reason"
        ].help_text = "The player reads it. The second person gives the same one: it stands here already then."


def _approve(win: Win, by: User, answers: dict[str, Any], now: datetime) -> Done:
    if any(one.by_id == by.pk for one in paying.payout_approvals(win)):
        raise PrizeError(TWICE)
    if paying.approve_payout(win, by, now, seen=bytes.fromhex(answers["seen"])):
        return Done(f"The payout of {win} is approved; it is in the payer's next file.")
    return Done(f"You have approved the payout of {win}. A second person must approve it.")


def _refuse(win: Win, by: User, answers: dict[str, Any], now: datetime) -> Done:
    is_same = answers["reason"].strip() == win.reason
    if is_same and any(one.by_id == by.pk for one in paying.refusal_approvals(win)):
        raise PrizeError(TWICE)
    if paying.refuse(win, by, answers["reason"], now):
        return Done(f"{win} is refused, its player is told, and its prize goes to the next draw.".capitalize())
    return Done(f"You want {win} refused. A second person must agree, with the same reason.")


def _facts(win: Win, by: User) -> list[tuple[str, Any]]:
    said = "; ".join(approval_lines(win)) or "nobody has said anything yet"
    return [*win_facts(win), *claim_facts(win, by), ("So far", said)]


def _can_refuse(win: Win, now: datetime) -> bool:
    return win.state in paying.REFUSABLE


STEPS = (
    Step(
        name="approve",
        title="Approve the payout",
        explanation="With the second person's approval of exactly this amount, payee and account it goes to the payer.",
        permission=RIGHT,
        is_due=lambda win, now: win.state == Win.State.CLAIMED,
        carry_out=_approve,
        seen=lambda win: paying.payout_digest(win).hex(),
        facts=_facts,
    ),
    Step(
        name="refuse",
        title="Refuse the win",
        explanation="With the second person's agreement nobody is paid, and the prize goes to the next draw.",
        permission=RIGHT,
        is_due=_can_refuse,
        carry_out=_refuse,
        form=RefuseForm,
        seen=lambda win: f"{win.state} {paying.payout_digest(win).hex()} {win.reason}",
        facts=_facts,
        initial=lambda win: {"reason": win.reason},
        is_dangerous=True,
    ),
)
