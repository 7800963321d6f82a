"""How many receipts and tickets draws have so far: counted once a minute at most, whatever the pages are asked.

Counting reads all entries of a draw, so one visitor a minute waits for that, and all others read what was counted last
from the cache. Without the cache nothing is counted, and the pages do without the numbers.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Count, Sum
from redis.exceptions import RedisError

from lottery.entries.models import Entry

# A page may be a minute behind.
FRESH = timedelta(seconds=60)
# What was counted last is shown while it is counted anew, and no longer than this.
KEPT_S = 600
# One process counts; if it dies, the next tries after this.
COUNTING_S = 30


class SoFar(NamedTuple):
    """Receipts that take part, their tickets, and when they were counted."""

    receipts: int
    tickets: int
    at: datetime


def so_far(draws: Collection[int], now: datetime) -> dict[int, SoFar]:
    """By the draws' keys; a draw is missing while it is counted for the first time."""
    try:
        found: dict[int, SoFar] = {
            draw: SoFar(*kept) for draw in draws if (kept := cache.get(f"lottery-so-far:{draw}")) is not None
        }
        stale = [draw for draw in draws if draw not in found or not now - FRESH < found[draw].at <= now]
        mine = [draw for draw in stale if cache.add(f"lottery-counting:{draw}", 1, COUNTING_S)]
        counted = _count(mine, now) if mine else {}
        for draw, fresh in counted.items():
            cache.set(f"lottery-so-far:{draw}", tuple(fresh), KEPT_S)
            cache.delete(f"lottery-counting:{draw}")
    except (RedisError, OSError):
        return {}
    return {**found, **counted}


def _count(draws: Collection[int], now: datetime) -> dict[int, SoFar]:
    rows = (
        Entry.objects.filter(draw__in=draws, state=Entry.State.IN)
        .order_by()
        .values_list("draw")
        .annotate(receipts=Count("pk"), tickets=Sum("tickets"))
    )
    counted = {draw: SoFar(receipts, tickets, now) for draw, receipts, tickets in rows}
    return {draw: counted.get(draw, SoFar(0, 0, now)) for draw in draws}
