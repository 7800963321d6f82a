"""What the page of a win in the admin shows; whom to pay only to those who may see it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from lottery.admin_base import at, known, page_of
from lottery.draws.models import Approval
from lottery.prizes.accounts import masked
from lottery.prizes.locking import claim_of
from lottery.prizes.models import Win
from lottery.prizes.paying import payout_approvals, refusal_approvals
from lottery.review.models import Suspicion
from possys.accounts.models import User
from possys.money import shown
from transactions.admin_actions import link

SEE_PAYEE = "lottery.see_payee"
HIDDEN = "•••"


@dataclass(frozen=True)
class WinPage:
    """All of it."""

    facts: list[tuple[str, Any]]
    claim: list[tuple[str, Any]]
    approved: list[str]


def win_page(win: Win, by: User) -> WinPage:
    """A win as this person may see it."""
    return WinPage(win_facts(win), claim_facts(win, by), [*approval_lines(win)])


def win_facts(win: Win) -> list[tuple[str, Any]]:
    """The win itself: what it is, of which receipt, and what stands against its player."""
    entry, player = win.entry, win.entry.player
    return known(
        [
            ("State", win.get_state_display()),
            ("Draw", link(page_of(win.draw), win.draw)),
            ("Prize", f"{win.prize.rank}. {win.prize.name}"),
            ("Amount", shown(win.prize.amount, win.draw.currency)),
            ("Order in the draw", win.number + 1),
            ("Place in the list", f"{win.position:,}"),
            ("Receipt", link(f"{reverse('admin:lottery_entry_changelist')}?q={entry.code}", entry.code)),
            ("Player", link(page_of(player), player) if player else "left the lottery"),
            ("Barred", at(player.barred_at) if player else ""),
            ("Suspected", _suspicion(win)),
            ("Claim until", at(win.claim_until)),
            ("Reason", win.reason),
            ("Carried to", win.carried_to or ""),
        ]
    )


def claim_facts(win: Win, by: User) -> list[tuple[str, Any]]:
    """Whom to pay; without the right most of it is hidden. Empty when nobody claimed it."""
    claim = claim_of(win)
    if claim is None:
        return []
    if claim.erased_at:
        payee, account = "erased", "erased"
    elif by.has_perm(SEE_PAYEE):
        payee, account = claim.payee, claim.account
    else:
        payee, account = f"{claim.payee[:1]}{HIDDEN}", masked(claim.account)
    return known(
        [
            ("Payee", payee),
            ("IBAN", account),
            ("Claimed", at(claim.claimed_at)),
            ("Reference", claim.reference),
            ("Given to the payer", at(claim.exported_at)),
            ("Paid", at(claim.paid_at)),
            ("Erased", at(claim.erased_at)),
        ]
    )


def approval_lines(win: Win) -> list[str]:
    """Who wants it paid, or refused."""
    if win.state not in {Win.State.TOLD, Win.State.CLAIMED, Win.State.APPROVED}:
        return []
    refused = refusal_approvals(win) if win.reason else []
    return [*_lines(payout_approvals(win), "approved the payout"), *_lines(refused, "wants it refused")]


def _lines(approvals: list[Approval], what: str) -> list[str]:
    return [f"{one.by} {what} at {at(one.at)}" for one in approvals]


def _suspicion(win: Win) -> Any:
    if win.entry.player is None:
        return ""
    found = Suspicion.objects.filter(draw=win.draw_id, player=win.entry.player).first()
    return link(page_of(found), f"{found.score} points, {found.get_state_display()}") if found else ""
