"""Tickets of a draw by day and by store, for staff: sums over all of its entries, and so kept for a minute."""

import json
import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from transactions.models import Store

# Ten million entries take some seconds to add up; what staff look at may be a minute old.
KEPT_S = 60
STORES_SHOWN = 20
# A year of entering; a draw that takes longer shows the latest days.
DAYS_SHOWN = 366
BAR_COLOUR = "var(--color-primary-600)"
# By the entries of one draw, through the index that begins with it.
DAYS = f"""
SELECT (entered_at AT TIME ZONE 'UTC')::date, count(*), sum(tickets) FROM lottery_entry
WHERE draw_id = %s AND state = '{Entry.State.IN}' GROUP BY 1 ORDER BY 1 DESC LIMIT {DAYS_SHOWN}
"""  # noqa: S608 - only our own words are put in
STORES = f"""
SELECT store, count(*), sum(tickets) FROM lottery_entry
WHERE draw_id = %s AND state = '{Entry.State.IN}' GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT {STORES_SHOWN}
"""  # noqa: S608 - only our own words are put in

logger = logging.getLogger(__name__)


class Sums(NamedTuple):
    """Rows of (day or store, receipts, tickets) and when they were added up."""

    at: datetime
    days: Sequence[tuple[date, int, int]]
    stores: Sequence[tuple[int, int, int]]

    @property
    def tickets(self) -> int:
        """All that take part."""
        return sum(row[2] for row in self.days)

    @property
    def receipts(self) -> int:
        """All that take part."""
        return sum(row[1] for row in self.days)


class Chart(NamedTuple):
    """A chart and the table below it."""

    title: str
    data: str
    options: str
    height_px: int
    table: dict[str, Any]


def sums_of(draw: Draw, now: datetime) -> Sums:
    """What takes part in a draw, at most KEPT_S old: two queries, or none."""
    key = f"lottery-sums-{draw.pk}"
    try:
        kept: Sums | None = cache.get(key)
    except (RedisError, OSError):
        kept = None
    if kept is not None:
        return kept
    found = Sums(now, _rows(DAYS, draw)[::-1], _rows(STORES, draw))
    try:
        cache.set(key, found, KEPT_S)
    except (RedisError, OSError) as fault:
        logger.warning("a draw's sums could not be kept: %s", fault)
    return found


def charts_of(sums: Sums) -> list[Chart]:
    """Both charts; a query for the stores' names."""
    names = dict(Store.objects.filter(pk__in=[row[0] for row in sums.stores]).values_list("pk", "name"))
    stores = [(names.get(store, f"store {store}"), receipts, tickets) for store, receipts, tickets in sums.stores]
    days = [(day.isoformat(), receipts, tickets) for day, receipts, tickets in sums.days]
    return [
        _chart("Tickets by the day on which they were entered", "day", days, is_lying=False),
        _chart(f"The {STORES_SHOWN} stores with the most tickets", "store", stores, is_lying=True),
    ]


def _chart(title: str, first: str, rows: Sequence[tuple[str, int, int]], *, is_lying: bool) -> Chart:
    data = {
        "labels": [row[0] for row in rows],
        "datasets": [
            {
                "label": "tickets",
                "data": [row[2] for row in rows],
                "backgroundColor": BAR_COLOUR,
                "borderRadius": 3,
                "maxBarThickness": 28,
            }
        ],
    }
    shown = [(name, f"{receipts:,}", f"{tickets:,}") for name, receipts, tickets in (rows if is_lying else rows[::-1])]
    table = {"headers": [first, "receipts", "tickets"], "rows": shown}
    height_px = 60 + 26 * len(rows) if is_lying else 240
    return Chart(title, json.dumps(data), json.dumps(_options(is_lying=is_lying)), height_px, table)


def _options(*, is_lying: bool) -> dict[str, Any]:
    """As Chart.js takes them; without a colour of the rule, since unfold sets it by the scheme."""
    counts = {"beginAtZero": True, "grid": {"display": True}, "ticks": {"precision": 0, "maxTicksLimit": 6}}
    names = {"grid": {"display": False}, "ticks": {"autoSkip": not is_lying, "maxRotation": 0}}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "indexAxis": "y" if is_lying else "x",
        "plugins": {"legend": {"display": False}},
        "scales": {"x": counts, "y": names} if is_lying else {"x": names, "y": counts},
    }


def _rows(query: str, draw: Draw) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, [draw.pk])
        return [(row[0], int(row[1]), int(row[2])) for row in cursor.fetchall()]
