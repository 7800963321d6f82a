"""Makes entries of the sales whose till sent a player's lottery tag, in the order of the feed."""

from datetime import datetime

from ledger.feeding.models import Cursor
from lottery.draws.models import Draw
from transactions.stream import SHARD_COUNT

CONSUMER = "lottery"


def is_complete_to(moment: datetime) -> bool:
    """Whether everything that was taken before a moment has been fed to the lottery, in every shard."""
    return Cursor.objects.filter(consumer=CONSUMER, complete_to__gte=moment).count() == SHARD_COUNT


def collect_for(draw: Draw, now: datetime) -> int:
    """Makes entries in a draw of what was fed and not yet collected; answers how many."""
    return 0
