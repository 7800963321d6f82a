"""Whom a suspected player is connected with: through receipts both wanted, and through devices."""

from typing import Any
from uuid import UUID

from django.db import connection

from lottery.review.models import Suspicion

# What a reviewer can look at.
CONNECTED_MAX = 20

# Through the indexes of the player's contests and entries.
RECEIPTS = """
SELECT other, count(*) FROM (
    SELECT entry.player_id AS other
    FROM lottery_contest AS contest JOIN lottery_entry AS entry USING (draw_id, identity, issued_on)
    WHERE contest.draw_id = %(draw)s AND contest.player_id = %(player)s
    UNION ALL
    SELECT contest.player_id
    FROM lottery_entry AS entry JOIN lottery_contest AS contest USING (draw_id, identity, issued_on)
    WHERE entry.draw_id = %(draw)s AND entry.player_id = %(player)s
) AS pairs
WHERE other IS NOT NULL AND other <> %(player)s GROUP BY other ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
DEVICES = """
SELECT seen.player_id, count(DISTINCT seen.day)
FROM (SELECT DISTINCT device FROM lottery_sighting
      WHERE player_id = %(player)s AND day BETWEEN %(first_day)s AND %(last_day)s) AS own
    JOIN lottery_sighting AS seen USING (device)
WHERE seen.player_id <> %(player)s AND day BETWEEN %(first_day)s AND %(last_day)s
GROUP BY seen.player_id ORDER BY 2 DESC, 1 LIMIT %(most)s
"""

Connected = list[tuple[UUID, int]]


def by_receipts(suspicion: Suspicion) -> Connected:
    """Players with whom receipts were passed around, and how many receipts."""
    return _rows(RECEIPTS, suspicion)


def by_devices(suspicion: Suspicion) -> Connected:
    """Players on the same devices while the draw took entries, and on how many days."""
    return _rows(DEVICES, suspicion)


def _rows(query: str, suspicion: Suspicion) -> Connected:
    draw = suspicion.draw
    asked: dict[str, Any] = {
        "draw": draw.pk,
        "player": suspicion.player_id,
        "first_day": draw.first_day,
        "last_day": draw.entries_until.date(),
        "most": CONNECTED_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        found: Connected = cursor.fetchall()
    return found
