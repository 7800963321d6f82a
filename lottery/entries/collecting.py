"""Makes entries of the sales whose till sent a player's lottery tag, draw by draw, in the order of the feed.

    feed ──> lottery_taggedsale ──(each draw's own cursor, shard by shard)──> lottery_entry

A cursor moves in the DB transaction of the entries, so that nothing is entered twice or left out whatever is killed.
"""

from datetime import datetime

from django.db import connection, transaction

from ledger.feeding.models import Cursor
from lottery.draws.models import Draw
from lottery.draws.rules import SaleFacts
from lottery.entries.admitting import Candidate, admit, hold_open, hold_player
from lottery.entries.models import Entry, TagCursor, TaggedSale
from lottery.players.models import Player
from transactions.stream import SHARD_COUNT

CONSUMER = "lottery"
# Sales in one DB transaction, which holds their players: they wait no longer than a second.
ROWS_MAX = 500
# Numbers the advisory lock that has one process collect at a time; it lasts as long as a DB transaction.
LOCK = 7_204_201
NEXT = """
SELECT DISTINCT tagged.shard FROM lottery_taggedsale AS tagged
LEFT JOIN lottery_tagcursor AS done ON done.draw_id = %(draw)s AND done.shard = tagged.shard
WHERE tagged.issued_on BETWEEN %(first)s AND %(last)s AND tagged.block > coalesce(done.block, 0)
ORDER BY tagged.shard
"""


def is_complete_to(moment: datetime) -> bool:
    """Whether everything that was taken before a moment has been fed to the lottery, in every shard."""
    return Cursor.objects.filter(consumer=CONSUMER, complete_to__gte=moment).count() == SHARD_COUNT


def collect_all(now: datetime) -> int:
    """Makes entries of what was fed and not yet collected, in every open draw; answers how many."""
    return sum(collect_for(draw, now) for draw in Draw.objects.filter(state=Draw.State.OPEN).order_by("pk"))


def collect_for(draw: Draw, now: datetime) -> int:
    """The same in one draw, a DB transaction for each part of a shard."""
    made = 0
    for shard in waiting_shards(draw):
        while (some := _collect_part(draw, shard, now)) is not None:
            made += some
    return made


def waiting_shards(draw: Draw) -> list[int]:
    """The shards that hold sales of the draw's days which were not collected yet."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, {"draw": draw.pk, "first": draw.first_day, "last": draw.last_day})
        return [shard for (shard,) in cursor.fetchall()]


def _collect_part(draw: Draw, shard: int, now: datetime) -> int | None:
    """Some blocks of a shard; answers how many entries were made, None when nothing is left or another is at it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, draw.pk])
            if not cursor.fetchone()[0]:
                return None
        if not hold_open([draw]):
            return None
        TagCursor.objects.bulk_create([TagCursor(draw=draw, shard=shard)], ignore_conflicts=True)
        done = TagCursor.objects.get(draw=draw, shard=shard)
        rows = _next_rows(draw, shard, done.block)
        if not rows:
            return None
        players = {player.tag: player for player in Player.objects.filter(tag__in={row.tag for row in rows})}
        # In one order, so that two draws' collections do not wait for each other's players.
        held = {player.tag: hold_player(player) for player in sorted(players.values(), key=lambda one: one.pk)}
        outcomes = [
            admit(draw, held[row.tag], candidate_of(row), Entry.Source.TAG, now) for row in rows if row.tag in held
        ]
        TagCursor.objects.filter(draw=draw, shard=shard).update(block=rows[-1].block)
    return sum(1 for outcome in outcomes if outcome.tickets)


def _next_rows(draw: Draw, shard: int, block: int) -> list[TaggedSale]:
    """The next tagged sales behind a block, whole blocks only, so that the cursor can name the last one."""
    of_draw = TaggedSale.objects.filter(shard=shard, issued_on__range=(draw.first_day, draw.last_day))
    some = list(of_draw.filter(block__gt=block).order_by("block", "position")[:ROWS_MAX])
    if len(some) < ROWS_MAX:
        return some
    whole = [row for row in some if row.block < some[-1].block]
    # A block of nothing but tagged sales is more than ROWS_MAX: then it is taken by itself.
    return whole or list(of_draw.filter(block=some[-1].block).order_by("position"))


def candidate_of(row: TaggedSale) -> Candidate:
    """What the rules ask of a tagged sale."""
    facts = SaleFacts("sale", row.mode, row.issued_on, row.currency, row.total, frozenset(row.methods), row.is_business)
    return Candidate(row.identity, row.code, row.retailer, row.store, facts)
