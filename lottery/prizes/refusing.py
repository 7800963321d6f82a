"""A win that is not paid: its claim is erased, its player is told why, and its prize goes to the next draw."""

from datetime import datetime

from lottery.messages.operations import tell
from lottery.prizes.erasing import erase
from lottery.prizes.models import Claim, Win


def refuse_now(win: Win, reason: str, now: datetime) -> None:
    """Refuses a win that the caller holds, within its DB transaction."""
    win.state, win.reason = Win.State.REFUSED, reason
    win.save(update_fields=["state", "reason"])
    # Nobody will be paid, so nothing needs the account any more.
    erase(Claim.objects.filter(win=win), now)
    if win.entry.player is not None:
        tell(win.entry.player, "refused", now=now, win=win)
