"""Settles days that are over: one VACUUM (FREEZE, ANALYZE) each, while few look at them.

Rows of the ledger are only added, so a frozen day is never read by a vacuum again: without this, the days of months
come up for freezing at once when their oldest transaction gets old.
"""

from collections.abc import Callable
from datetime import date, timedelta

from django.db import connections

from ledger.partitions import existing_days, partition_name

TABLES = ("ledger_entry", "ledger_block")
# Of the day before, late flushes and other calendars' sales still come.
SETTLED_AFTER = timedelta(days=2)
NEVER_VACUUMED = """
SELECT relname FROM pg_stat_all_tables
WHERE schemaname = 'public' AND relname = ANY(%s) AND last_vacuum IS NULL ORDER BY relname
"""


def settle_days(alias: str, today: date, say: Callable[[str], None]) -> int:
    """Freezes the days that never were; answers how many. Raises DatabaseError; run again, it goes on."""
    over = [
        partition_name(table, day)
        for table in TABLES
        for day in existing_days(table, alias)
        if day <= today - SETTLED_AFTER
    ]
    with connections[alias].cursor() as cursor:
        cursor.execute(NEVER_VACUUMED, [over])
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(f'VACUUM (FREEZE, ANALYZE) "{name}"')
            say(f"froze {name}")
    return len(names)
