"""Everything that is held of a player, as they may take it with them (GDPR, article 20)."""

from typing import Any

from lottery.entries.models import Entry
from lottery.players.models import Player
from lottery.prizes.models import Claim


def held(player: Player) -> dict[str, Any]:
    """All of it, in plain words; times in UTC."""
    entries = Entry.objects.filter(player=player).select_related("draw").order_by("entered_at")
    claims = Claim.objects.filter(win__entry__player=player).select_related("win__draw", "win__prize")
    return {
        "contact": player.contact,
        "language": player.language,
        "lottery_tag": player.tag,
        "confirmed_at": player.confirmed_at.isoformat(),
        "last_seen_at": player.seen_at.isoformat(),
        "days_seen": [str(day) for day in player.sightings.order_by("day").values_list("day", flat=True).distinct()],
        "receipts": [
            {
                "draw": entry.draw.number,
                "code": entry.code,
                "day": str(entry.issued_on),
                "tickets": entry.tickets,
                "salt": bytes(entry.salt).hex(),
                "entered_at": entry.entered_at.isoformat(),
                "by": entry.get_source_display(),
                "state": entry.get_state_display(),
            }
            for entry in entries
        ],
        "claims": [
            {
                "draw": claim.win.draw.number,
                "prize": claim.win.prize.name,
                "payee": claim.payee,
                "account": claim.account,
                "claimed_at": claim.claimed_at.isoformat(),
            }
            for claim in claims
        ],
    }
