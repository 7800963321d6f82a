"""A winner says whom to pay. A claim can be corrected until the first person of the staff has approved it."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from lottery.players.models import Player
from lottery.prizes.errors import ClaimError
from lottery.prizes.locking import held
from lottery.prizes.models import Claim, Win
from lottery.prizes.payable import TAKEN_BACK, Standing, standing_of
from lottery.prizes.paying import payout_approvals
from lottery.prizes.refusing import refuse_now


class Payee(NamedTuple):
    """Whom to pay: a name and an IBAN, both as `lottery.prizes.accounts` reads them."""

    name: str
    account: str


def claim(win: Win, player: Player, payee: Payee, now: datetime) -> Win:
    """Claims a win, or corrects its claim, for the player who has shown the receipt (`lottery.prizes.proof`).

    Answers the win: CLAIMED, or REFUSED when its receipt was taken back since. Raises ClaimError.
    """
    with transaction.atomic():
        locked = held(win.pk)
        if locked.entry.player != player:
            raise ClaimError(_("This win is not yours."))
        if fault := why_not(locked, now):
            raise ClaimError(fault)
        standing = standing_of(locked.entry)
        if standing is Standing.UNKNOWN:
            raise ClaimError(_("Your receipt cannot be looked up right now. Please try again in some minutes."))
        if standing is Standing.TAKEN_BACK:
            refuse_now(locked, TAKEN_BACK, now)
            return locked
        _keep(locked, payee, now)
    return locked


def why_not(win: Win, now: datetime) -> str:
    """Why a win cannot be claimed, or its claim be corrected, in words for its player; empty when it can."""
    if win.state == Win.State.CLAIMED:
        return _("Your claim is being checked and cannot be changed any more.") if payout_approvals(win) else ""
    if win.state != Win.State.TOLD:
        return _("This win cannot be claimed any more.")
    assert win.claim_until is not None
    return _("The time to claim this win is over.") if now > win.claim_until else ""


def _keep(win: Win, payee: Payee, now: datetime) -> None:
    said = {"payee": payee.name, "account": payee.account}
    # A correction does not move the moment of the claim: that is what the deadline is about.
    Claim.objects.update_or_create(win=win, defaults=said, create_defaults={**said, "claimed_at": now})
    # What somebody would have refused was the claim as it stood.
    win.state, win.reason = Win.State.CLAIMED, ""
    win.save(update_fields=["state", "reason"])
