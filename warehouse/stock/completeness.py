"""Up to when what was sold is counted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

CONSUMER = "stock"
# A shard without a cursor was never looked at.
SQL = """
    SELECT CASE WHEN count(*) = count(complete_to) THEN min(complete_to) END
    FROM (SELECT DISTINCT shard FROM transactions_store WHERE id = ANY(%(stores)s)) AS own
    LEFT JOIN feed_cursor AS cursor ON cursor.shard = own.shard AND cursor.consumer = %(consumer)s
"""


def complete_to(stores: Collection[int]) -> datetime | None:
    """What was taken before this moment is in what these stores sold; None when that cannot be said. One query."""
    values: dict[str, Any] = {"stores": list(stores), "consumer": CONSUMER}
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        row = cursor.fetchone()
    return row[0] if row else None
