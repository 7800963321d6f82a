"""Up to when the roll-ups of some stores are complete."""

from datetime import datetime

from analytics.queries.rows import rows
from ledger.consumers import all_consumers

CURSORS = """
    SELECT min(complete_to), bool_or(complete_to IS NULL), count(*), count(DISTINCT cursor.shard)
    FROM feed_cursor AS cursor
    WHERE consumer = ANY(%(consumers)s)
      AND shard IN (SELECT shard FROM transactions_store WHERE id = ANY(%(stores)s))
"""


def complete_to(stores: tuple[int, ...]) -> datetime | None:
    """What was taken before this moment is in every figure of these stores; None when that cannot be said.

    The least advanced of our consumers tells, in the shards where these stores' sales are.
    """
    consumers = [one.name for one in all_consumers() if one.handle.__module__.partition(".")[0] == "analytics"]
    moment, has_unknown, found, shards = rows(CURSORS, consumers=consumers, stores=stores)[0]
    is_whole = found == len(consumers) * shards and not has_unknown
    return moment if is_whole and found else None
