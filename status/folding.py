"""Folds the minutes that all processes counted together into PostgreSQL, and minutes into days.

A minute is written as often as it is looked at; the row with more answers is the better one, so that nothing is counted
twice, and a cache that was wiped takes nothing away. By a beat that the task itself counts, a minute without any sale
is told from one of which the counts were lost.
"""

import logging
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from redis.exceptions import RedisError

from ledger.backlog import backlog
from ledger.evidence import read_facts
from possys import pulse
from possys.clock import utc
from possys.pulse import MINUTES_KEPT, Minute
from status.judging import P99_MS_MAX, WAITS_SHARE_MAX, MinuteFigures
from transactions.outages import DECLARED_BACK_MAX
from transactions.rates import SHARES, rates_of

logger = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
BEAT = "status_beats"
FOLD_LOCK = 7_204_711
# All that the cache still has are looked at this often, otherwise the newest only: counts come a second late at most.
NEWEST_MINUTES = 4
# A minute's row is of use for a year's comparison, and then some weeks for whoever asks about that.
MINUTES_KEPT_DAYS = 400

UPSERT = """
INSERT INTO status_minute (minute, asked, accepted, offline, waits, p50_ms, p95_ms, p99_ms, oldest_s, unsigned_s)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, NULL, NULL)
ON CONFLICT (minute) DO UPDATE SET asked = excluded.asked, accepted = excluded.accepted, offline = excluded.offline,
    waits = excluded.waits, p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms, p99_ms = excluded.p99_ms
WHERE excluded.asked >= status_minute.asked
"""
SEEN = """
UPDATE status_minute SET oldest_s = greatest(oldest_s, %s), unsigned_s = greatest(unsigned_s, %s) WHERE minute = %s
"""
# A minute in a declared outage is bad, whoever was answered; one that has no row is not known.
DAYS = f"""
INSERT INTO status_day (day, good, bad, idle, unknown, asked, waits)
SELECT %(day)s, count(*) FILTER (WHERE NOT is_out AND asked > 0 AND is_good),
    count(*) FILTER (WHERE is_out OR (asked > 0 AND NOT is_good)),
    count(*) FILTER (WHERE NOT is_out AND asked = 0), count(*) FILTER (WHERE NOT is_out AND asked IS NULL),
    coalesce(sum(asked), 0), coalesce(sum(waits), 0)
FROM (
    SELECT s.asked, s.waits,
        s.waits <= {WAITS_SHARE_MAX} * s.asked AND coalesce(s.p99_ms, 0) <= {P99_MS_MAX} AS is_good,
        EXISTS (SELECT 1 FROM transactions_outage o WHERE o.kind IN ('outage', 'emergency')
            AND o.began_at < m + interval '1 minute'
            AND (o.ended_at IS NULL OR (o.ended_at > m AND o.ended_at > o.began_at))) AS is_out
    FROM generate_series(%(begin)s::timestamptz, %(end)s::timestamptz - interval '1 minute', interval '1 minute') m
    LEFT JOIN status_minute s ON s.minute = m
) minutes
HAVING count(*) > 0
ON CONFLICT (day) DO UPDATE SET good = excluded.good, bad = excluded.bad, idle = excluded.idle,
    unknown = excluded.unknown, asked = excluded.asked, waits = excluded.waits
"""  # noqa: S608 - only this project's own numbers are put in


class Folded(NamedTuple):
    """How many minutes and days were looked at."""

    minutes: int
    days: int


def fold(now_ms: int) -> Folded | None:
    """Folds what is known now; None when another process is at it. Raises RedisError, OSError, DatabaseError."""
    pulse.add(BEAT)
    running = utc(now_ms).replace(second=0, microsecond=0)
    # The first look of every five minutes takes all that the cache still has: whatever was missed comes then.
    is_thorough = running.minute % 5 == 0
    known = pulse.minutes(MINUTES_KEPT if is_thorough else NEWEST_MINUTES)
    seen = _seen()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return None
        rows = [figures(minute) for minute in known if is_known(minute)]
        cursor.executemany(UPSERT, [_values(row) for row in rows])
        cursor.execute(SEEN, [*seen, running])
        days = _days_to_fold(running, is_thorough=is_thorough)
        for day in days:
            _fold_day(day, running)
    return Folded(len(rows), len(days))


def is_known(minute: Minute) -> bool:
    """Whether anybody counted in it."""
    counts = minute.counts
    return bool(counts.value(BEAT)) or bool(counts.by_label("capture_sales", "outcome"))


def figures(minute: Minute) -> MinuteFigures:
    """What is kept of a minute."""
    rates = rates_of(minute.counts)
    times = {f"{name}_ms": rates.quantile_ms(share) for name, share in SHARES.items()}
    return MinuteFigures(
        minute=utc(minute.start_ms),
        asked=round(rates.answers + rates.faults),
        accepted=round(rates.accepted),
        offline=round(rates.offline),
        waits=round(rates.waits),
        **times,
    )


def purge(now: datetime) -> int:
    """Deletes minutes older than MINUTES_KEPT_DAYS; their days stay."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM status_minute WHERE minute < %s", [now - timedelta(days=MINUTES_KEPT_DAYS)])
        return int(cursor.rowcount)


def zone() -> ZoneInfo:
    """The country's."""
    return ZoneInfo(settings.TIME_ZONE)


def _values(row: MinuteFigures) -> list[datetime | float | None]:
    return [row.minute, row.asked, row.accepted, row.offline, row.waits, row.p50_ms, row.p95_ms, row.p99_ms]


def _seen() -> tuple[float | None, float | None]:
    """How long the oldest sale waits for the ledger and the oldest block for a signature, where that can be asked."""
    try:
        oldest_s = backlog().oldest_s
    except (RedisError, OSError):
        oldest_s = None
    try:
        unsigned_s: float | None = read_facts().waiting_s
    except DatabaseError:
        unsigned_s = None
    return oldest_s, unsigned_s


def _days_to_fold(running: datetime, *, is_thorough: bool) -> list[date]:
    """Today and yesterday, and days that nobody has folded; at times all for which an outage can be declared still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT min(minute) FROM status_minute), (SELECT max(day) FROM status_day)")
        first, last_folded = cursor.fetchone()
    if first is None:
        return []
    today = running.astimezone(zone()).date()
    since = today - timedelta(days=1)
    if is_thorough or last_folded is None or last_folded < since:
        since = today - DECLARED_BACK_MAX
    since = max(since, first.astimezone(zone()).date())
    return [since + timedelta(days=number) for number in range((today - since).days + 1)]


def _fold_day(day: date, running: datetime) -> None:
    """Counts a day's minutes that are over, from the first one that was ever kept on."""
    begin = datetime.combine(day, time(), zone())
    end = min(datetime.combine(day + timedelta(days=1), time(), zone()), running)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(minute) FROM status_minute")
        begin = max(begin, cursor.fetchone()[0])
        cursor.execute(DAYS, {"day": day, "begin": begin, "end": end})
