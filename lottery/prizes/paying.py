"""From a claim to money: two people approve, a file goes to the payer, and the payer says what was paid.

claimed -> approved    two people say yes to exactly this amount, payee and account
claimed -> refused     two people give the same reason
approved               in a file for the payer, under a reference that never changes
approved -> paid       the payer names the references
"""

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from django.db import transaction

from lottery.draws.approvals import APPROVALS_NEEDED, approve, approvers
from lottery.draws.models import Approval
from lottery.messages.operations import tell
from lottery.prizes.errors import PrizeError
from lottery.prizes.locking import claim_of, held_in, held_wins
from lottery.prizes.models import REASON_MAX, Claim, Win
from lottery.prizes.payable import hindrance
from lottery.prizes.payout_files import PAYOUTS_MAX, Payout, payout_csv, read_references
from lottery.prizes.refusing import refuse_now
from possys.accounts.models import User

# What can still be refused: nobody was asked to pay it.
REFUSABLE = frozenset({Win.State.TOLD, Win.State.CLAIMED, Win.State.APPROVED})


class PayoutFile(NamedTuple):
    """A file for the payer with so many payouts; `left_out` says of each win that is not in it why."""

    name: str
    content: bytes
    payouts: int
    left_out: list[str]


class Paid(NamedTuple):
    """What a list of references did."""

    paid: int
    already: int


def approve_payout(win: Win, by: User, now: datetime, *, seen: bytes | None = None) -> bool:
    """One person's yes to paying a claim; the second one's approves it. Answers whether it is approved.

    `seen` is the digest of what the person was shown: a claim that was corrected in the meantime is refused, and has
    to be looked at again. Raises PrizeError.
    """
    with transaction.atomic():
        locked = held_in(win.pk, Win.State.CLAIMED)
        if seen is not None and seen != payout_digest(locked):
            raise PrizeError(f"the claim of {locked} was changed since you opened it: look at it again")
        if fault := hindrance(locked):
            raise PrizeError(f"{locked} cannot be paid: {fault}")
        if approve(payout_subject(locked), payout_digest(locked), by, now) < APPROVALS_NEEDED:
            return False
        locked.state, locked.reason = Win.State.APPROVED, ""
        locked.save(update_fields=["state", "reason"])
    return True


def refuse(win: Win, by: User, reason: str, now: datetime) -> bool:
    """One person's proposal to refuse a win, or the second one's yes to it. Answers whether it is refused.

    The reason that the first one gave stays in the win's row; the second one gives the same. Raises PrizeError.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_MAX:
        raise PrizeError(f"give a reason of 1 to {REASON_MAX} characters; the player reads it")
    with transaction.atomic():
        locked = held_in(win.pk, *REFUSABLE)
        if (claim := claim_of(locked)) and claim.exported_at:
            raise PrizeError(f"{locked} is with the payer already")
        locked.reason = reason
        locked.save(update_fields=["reason"])
        if approve(refusal_subject(locked), refusal_digest(locked), by, now) < APPROVALS_NEEDED:
            return False
        refuse_now(locked, reason, now)
    return True


def export_payouts(wins: Iterable[Win], by: User, now: datetime) -> PayoutFile:
    """A file for the payer, of the approved ones among these wins. A win has the same reference in every file.

    Raises PrizeError when there is nothing to pay or too much for one file.
    """
    keys = [win.pk for win in wins]
    if len(keys) > PAYOUTS_MAX:
        raise PrizeError(f"a file holds {PAYOUTS_MAX} payouts at most, these are {len(keys)}")
    with transaction.atomic():
        left_out: list[str] = []
        payouts: list[Payout] = []
        for win in held_wins(keys):
            if fault := _not_exported(win):
                left_out.append(f"{win}: {fault}")
            else:
                payouts.append(_hand_over(win, now))
        if not payouts:
            raise PrizeError("; ".join(["there is nothing to pay", *left_out]))
        content = payout_csv(payouts)
        name = f"payouts-{now:%Y%m%dT%H%M%SZ}.csv"
        # Who took which file with people's accounts, for as long as there are approvals.
        approve(f"payout file {name}", sha256(content).digest(), by, now)
    return PayoutFile(name, content, len(payouts), left_out)


def mark_paid(references: Iterable[str] | bytes, now: datetime) -> Paid:
    """Takes the payer's word for these payouts: references, or a CSV file with a column `reference`.

    A payout that is marked already is counted and left. Raises PrizeError naming everything wrong; nothing is marked.
    """
    named = read_references(references) if isinstance(references, bytes) else [one.strip() for one in references]
    wanted = list(dict.fromkeys(one for one in named if one))
    if len(wanted) > PAYOUTS_MAX:
        raise PrizeError(f"{PAYOUTS_MAX} payouts at most are marked at once, these are {len(wanted)}")
    with transaction.atomic():
        claims = {
            claim.reference: claim
            for claim in Claim.objects.select_for_update(of=("self", "win"))
            .filter(reference__in=wanted)
            .select_related("win__prize", "win__draw", "win__entry__player")
            .order_by("win__pk")
        }
        states = {reference: claim.win.state for reference, claim in claims.items()}
        faults = [f"{one} is no payout of ours" for one in wanted if one not in claims] + [
            f"{one} is {claims[one].win.get_state_display()}"
            for one, state in states.items()
            if state not in {Win.State.APPROVED, Win.State.PAID}
        ]
        if faults or not wanted:
            raise PrizeError("; ".join(faults) or "no reference was given")
        due = [claim for claim in claims.values() if claim.win.state == Win.State.APPROVED]
        for claim in due:
            _paid(claim, now)
    return Paid(len(due), len(wanted) - len(due))


def payout_subject(win: Win) -> str:
    """What approvals of a payout are filed under."""
    return f"win {win.pk}: pay"


def payout_digest(win: Win) -> bytes:
    """Of all that a payout is, so that a corrected claim has nobody's yes."""
    claim = claim_of(win)
    said = [str(win.pk), win.prize.amount, win.draw.currency, claim and claim.payee, claim and claim.account]
    return sha256(json.dumps(said).encode()).digest()


def payout_approvals(win: Win) -> list[Approval]:
    """Who has said yes to paying the claim as it stands, the first first."""
    return approvers(payout_subject(win), payout_digest(win))


def refusal_subject(win: Win) -> str:
    """What approvals of a refusal are filed under."""
    return f"win {win.pk}: refuse"


def refusal_digest(win: Win) -> bytes:
    """Of the claim as it stands and the reason in the win's row."""
    return sha256(payout_digest(win) + win.reason.encode()).digest()


def refusal_approvals(win: Win) -> list[Approval]:
    """Who wants to refuse the win for the reason in its row, the first first."""
    return approvers(refusal_subject(win), refusal_digest(win))


def _not_exported(win: Win) -> str:
    """Why a win does not go to the payer; what went there before is not asked about again."""
    if win.state != Win.State.APPROVED:
        return f"it is {win.get_state_display()}"
    claim = claim_of(win)
    return hindrance(win) if claim and not claim.exported_at else ""


def _hand_over(win: Win, now: datetime) -> Payout:
    claim = win.claim
    if not claim.exported_at:
        claim.reference, claim.exported_at = f"L{win.draw.number}-{win.number + 1:06d}", now
        claim.save(update_fields=["reference", "exported_at"])
        # What one person would have refused it for is over now.
        Win.objects.filter(pk=win.pk).update(reason="")
    return Payout(claim.reference, claim.payee, claim.account, win.prize.amount, win.draw.currency)


def _paid(claim: Claim, now: datetime) -> None:
    win = claim.win
    win.state, claim.paid_at = Win.State.PAID, now
    win.save(update_fields=["state"])
    claim.save(update_fields=["paid_at"])
    if win.entry.player is not None:
        tell(win.entry.player, "paid", now=now, win=win)
