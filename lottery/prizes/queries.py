"""What a winner sees of a win."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from lottery.draws.models import Draw
from lottery.players.models import Player
from lottery.prizes.accounts import masked
from lottery.prizes.claiming import why_not
from lottery.prizes.erasing import COMPLAINTS_WITHIN
from lottery.prizes.locking import claim_of
from lottery.prizes.models import Win

SHOWN_DRAWS = (Draw.State.PUBLISHED, Draw.State.CLOSED)


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """A win for its player: `account` with most of it hidden, moments RFC 3339 by the site's clock, empty if none."""

    win: Win
    payee: str
    account: str
    reference: str
    until: str
    handed_over: str
    paid: str
    # Why it cannot be claimed or its claim be changed; empty when it can.
    closed_because: str

    @property
    def template(self) -> str:
        """The fragment for the win's state; past the deadline it says so before the hourly task has come by."""
        is_late = self.win.state == Win.State.TOLD and self.closed_because
        return f"lottery/claim/_{'expired' if is_late else self.win.state}.html"

    @property
    def kept_days(self) -> int:
        """How long after the payment the account is kept."""
        return COMPLAINTS_WITHIN.days

    @property
    def reason(self) -> str:
        """Why it was refused; what the system itself says is translated."""
        return gettext(self.win.reason) if self.win.reason else ""


def win_of(key: UUID, player: Player) -> Win | None:
    """A player's own win in a draw that was published."""
    wins = Win.objects.filter(pk=key, entry__player=player, draw__state__in=SHOWN_DRAWS)
    return wins.select_related("prize", "draw", "entry", "claim").first()


def claim_page(win: Win, now: datetime) -> ClaimPage:
    """All that its player may see."""
    claim = claim_of(win)
    return ClaimPage(
        win=win,
        payee=claim.payee if claim else "",
        account=masked(claim.account) if claim else "",
        reference=claim.reference if claim else "",
        until=_here(win.claim_until),
        handed_over=_here(claim.exported_at if claim else None),
        paid=_here(claim.paid_at if claim else None),
        closed_because=why_not(win, now),
    )


def _here(moment: datetime | None) -> str:
    return timezone.localtime(moment).isoformat() if moment else ""
