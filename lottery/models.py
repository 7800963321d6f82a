"""The lottery's tables: those of each part are written in its own folder; Django finds them here."""

from lottery.draws.models import Approval, Draw, Prize, TicketChunk
from lottery.entries.models import Contest, Entry, TagCursor, TaggedSale, TakenBack
from lottery.messages.models import Message
from lottery.players.models import Barring, Confirmation, Player, Sighting
from lottery.prizes.models import Claim, Win
from lottery.review.models import Suspicion

__all__ = [
    "Approval",
    "Barring",
    "Claim",
    "Confirmation",
    "Contest",
    "Draw",
    "Entry",
    "Message",
    "Player",
    "Prize",
    "Sighting",
    "Suspicion",
    "TagCursor",
    "TaggedSale",
    "TakenBack",
    "TicketChunk",
    "Win",
]
