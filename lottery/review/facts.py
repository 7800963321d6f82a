"""What the tables say of a draw's players: sums made by the database, of those alone who are out of the ordinary.

Each query names the draw or the days of its entries, and answers at most FOUND_MAX players, the most striking first.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from lottery.draws.models import Draw
from lottery.review import signals
from lottery.review.signals import Facts, Frame

# Far more than reviewers can look at; it bounds what is held in memory.
FOUND_MAX = 10_000
# Pairs of players with a contested receipt.
PAIRS_MAX = 50_000

TOTALS = """
SELECT player_id, count(*) FILTER (WHERE source = 'page') AS paged, count(*) FILTER (WHERE source = 'tag') AS tagged,
       count(DISTINCT store) AS stores,
       count(*) FILTER (WHERE source = 'page' AND entered_at::date - issued_on >= %(late_days)s) AS late,
       count(DISTINCT store) FILTER (WHERE source = 'page' AND entered_at::date - issued_on >= %(late_days)s)
FROM lottery_entry
WHERE draw_id = %(draw)s AND player_id IN (
    SELECT player_id FROM lottery_entry WHERE draw_id = %(draw)s AND player_id IS NOT NULL
    GROUP BY player_id HAVING count(*) > %(least)s ORDER BY count(*) DESC LIMIT %(found_max)s)
GROUP BY player_id
"""
BURSTS = """
WITH many AS (
    SELECT player_id FROM lottery_entry WHERE draw_id = %(draw)s AND source = 'page' AND player_id IS NOT NULL
    GROUP BY player_id HAVING count(*) > %(free)s
), spans AS (
    SELECT player_id, count(*) OVER (
        PARTITION BY player_id ORDER BY entered_at
        RANGE BETWEEN make_interval(mins => %(minutes)s) PRECEDING AND CURRENT ROW) AS entered
    FROM lottery_entry JOIN many USING (player_id) WHERE draw_id = %(draw)s AND source = 'page'
)
SELECT player_id, max(entered) FROM spans WHERE entered > %(free)s
GROUP BY player_id ORDER BY 2 DESC LIMIT %(found_max)s
"""
HOUR_STORES = """
WITH many AS (
    SELECT player_id, date_trunc('hour', entered_at) AS hour FROM lottery_entry
    WHERE draw_id = %(draw)s AND source = 'page' AND player_id IS NOT NULL
    GROUP BY 1, 2 HAVING count(*) > %(free)s AND min(store) < max(store)
), stores AS (
    SELECT player_id, hour, count(DISTINCT store) AS stores
    FROM lottery_entry JOIN many USING (player_id)
    WHERE draw_id = %(draw)s AND source = 'page' AND date_trunc('hour', entered_at) = hour
    GROUP BY 1, 2
)
SELECT player_id, max(stores) FROM stores WHERE stores > %(free)s
GROUP BY player_id ORDER BY 2 DESC LIMIT %(found_max)s
"""
MONTHS = """
SELECT player_id, max(tickets) FROM (
    SELECT player_id, sum(tickets) AS tickets FROM lottery_entry
    WHERE draw_id = %(draw)s AND player_id IS NOT NULL
    GROUP BY player_id, date_trunc('month', issued_on) HAVING sum(tickets) >= %(least)s
) AS months
GROUP BY player_id ORDER BY 2 DESC LIMIT %(found_max)s
"""
DEVICES = """
WITH crowded AS (
    SELECT device, count(DISTINCT player_id) AS players FROM lottery_sighting
    WHERE day BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY device HAVING count(DISTINCT player_id) > %(free)s
)
SELECT player_id, max(players) FROM crowded JOIN lottery_sighting AS seen USING (device)
WHERE day BETWEEN %(first_day)s AND %(last_day)s AND EXISTS (
    SELECT FROM lottery_entry AS entry WHERE entry.player_id = seen.player_id AND entry.draw_id = %(draw)s)
GROUP BY player_id ORDER BY 2 DESC LIMIT %(found_max)s
"""
# Only of players who are striking by something else: a carrier's network would bring millions.
NETWORKS = """
WITH places AS (
    SELECT DISTINCT player_id, network, day FROM lottery_sighting
    WHERE player_id = ANY(%(players)s) AND day BETWEEN %(first_day)s AND %(last_day)s
), crowds AS (
    SELECT network, day, count(DISTINCT seen.player_id) AS players
    FROM (SELECT DISTINCT network, day FROM places) AS place JOIN lottery_sighting AS seen USING (network, day)
    GROUP BY network, day HAVING count(DISTINCT seen.player_id) > %(free)s
)
SELECT player_id, max(players) FROM crowds JOIN places USING (network, day) GROUP BY player_id
"""
PAIRS = """
SELECT entry.player_id, contest.player_id, count(*)
FROM lottery_contest AS contest JOIN lottery_entry AS entry USING (draw_id, identity, issued_on)
WHERE draw_id = %(draw)s AND entry.player_id IS NOT NULL AND entry.player_id <> contest.player_id
GROUP BY 1, 2 ORDER BY 3 DESC LIMIT %(pairs_max)s
"""


def frame_of(draw: Draw) -> Frame:
    """What of a draw the thresholds depend on."""
    return Frame(draw.first_day, draw.last_day, draw.monthly_tickets_max)


def facts_of(draw: Draw) -> dict[UUID, Facts]:
    """Of each player with anything out of the ordinary in a draw: what it is. Seven queries."""
    found: dict[UUID, dict[str, int]] = {}

    def note(name: str, values: Sequence[Any]) -> None:
        for player, value in values:
            found.setdefault(player, {})[name] = value

    asked = _asked(draw)
    note("burst", _rows(BURSTS, asked, free=signals.BURST_FREE, minutes=signals.BURST_MINUTES))
    note("hour_stores", _rows(HOUR_STORES, asked, free=signals.HOUR_STORES_FREE))
    note("month_tickets", _rows(MONTHS, asked, least=signals.cap_threshold(draw.monthly_tickets_max)))
    note("device_players", _rows(DEVICES, asked, free=signals.DEVICE_PLAYERS_FREE))
    pairs = {(holder, other): receipts for holder, other, receipts in _rows(PAIRS, asked)}
    note("contests", list(signals.contests_of(pairs).items()))
    note("ring", list(signals.rings_of(pairs).items()))
    for player, *sums in _rows(TOTALS, asked, least=signals.LATE_FREE, late_days=signals.LATE_DAYS):
        names = ("paged", "tagged", "stores", "late", "late_stores")
        found.setdefault(player, {}).update(zip(names, sums, strict=True))
    striking = [player for player, facts in found.items() if signals.signals_of(Facts(**facts), frame_of(draw))]
    note("network_players", _rows(NETWORKS, asked, players=striking, free=signals.NETWORK_PLAYERS_FREE))
    return {player: Facts(**found[player]) for player in striking}


def _asked(draw: Draw) -> dict[str, Any]:
    days: tuple[date, date] = draw.first_day, draw.entries_until.date()
    return {"draw": draw.pk, "first_day": days[0], "last_day": days[1]}


def _rows(query: str, asked: dict[str, Any], **more: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {**asked, "found_max": FOUND_MAX, "pairs_max": PAIRS_MAX, **more})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
