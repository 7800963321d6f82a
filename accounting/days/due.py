"""Finds the fiscal days that are due, and closes them.

due       a day whose cut-off is past (Books.close_at, a local time of the next day) by the clock and by the feed:
          `complete_to` of the consumer in the store's shard, so that whatever had come by then is in
changed   a day that was closed and then got more. Blocks that were sealed when a day was over leave their number at it
          (TerminalSequences.late_block), so that these few are found by an index; nothing reads the whole history
looked    up to where each shard was looked through is kept (ClosedTo), which only saves work: a day is closed when the
          records that are fed and those that its closes hold differ in number
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from accounting.days.closing import BATCH_DAYS, close_days
from accounting.days.models import ClosedTo
from ledger.feeding.models import Cursor
from transactions.stream import SHARD_COUNT

logger = logging.getLogger(__name__)

CONSUMER = "fiscal-days"
# A retailer without books of its own closes as Books does by default.
CLOSE_AT = time(3)
# Days of stores that one call closes at most: some seconds of work.
CLOSES_MAX = 1000

_DUE = """
WITH looked AS ({looked}),
due AS (
    SELECT s.store, s.day, sum(s.records) AS records FROM looked
    JOIN accounting_terminalsequences s ON s.store = looked.store AND s.day = looked.day
    LEFT JOIN accounting_books b ON b.retailer_id = s.retailer
    WHERE s.store <> ALL(%(failed)s::integer[])
      AND s.day <= %(today)s::date
          - CASE WHEN coalesce(b.close_at, %(close_at)s::time) <= %(now)s::time THEN 1 ELSE 2 END
    GROUP BY s.store, s.day
)
SELECT store, day FROM due
WHERE records <> coalesce((SELECT sum(c.records) FROM accounting_storeclose c
                           WHERE c.store_id = due.store AND c.day = due.day), 0)
ORDER BY store, day LIMIT %(limit)s
"""
_LATE = """
SELECT store, day FROM accounting_terminalsequences
WHERE mod(terminal, {shards}) = %(shard)s AND late_block > %(block)s
GROUP BY store, day
"""
_NEW = """
SELECT s.store, s.day FROM transactions_store t JOIN accounting_terminalsequences s ON s.store = t.id
WHERE t.shard = %(shard)s AND s.day > %(after)s AND s.day < %(today)s
GROUP BY s.store, s.day
"""
DUE_LATE = _DUE.format(looked=_LATE.format(shards=SHARD_COUNT))
DUE = _DUE.format(looked=f"{_NEW} UNION {_LATE.format(shards=SHARD_COUNT)}")
CLOSE_TIMES = "SELECT min(close_at), max(close_at) FROM accounting_books"
# Before any day.
NEVER = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class CloseTimes:
    """The earliest and the latest time of the next day at which somebody closes."""

    first: time
    last: time


@dataclass(frozen=True, slots=True)
class ShardState:
    """Where a shard stands: what is fed and complete, and up to where it was looked through."""

    shard: int
    block: int
    complete_to: datetime
    seen_day: date
    seen_block: int


def close_due(now: datetime) -> int:
    """Closes what is due, at most CLOSES_MAX days of stores; answers how many closes were made.

    A store whose day cannot be closed is alarmed and tried again by the next call; the others go on. Raises
    OperationalError or InterfaceError when the database is away.
    """
    times = _close_times()
    done = 0
    for state in _states():
        if done >= CLOSES_MAX:
            break
        done += _close_shard(state, times, now, CLOSES_MAX - done)
    return done


def look_again() -> None:
    """Has the next calls compare every day of all history, as after a rebuild that changed figures."""
    ClosedTo.objects.all().delete()


def last_due(moment: datetime, close_at: time) -> date:
    """The newest day that is over at a local moment, for somebody who closes at that time of the next day."""
    return moment.date() - timedelta(days=1 if moment.time() >= close_at else 2)


def _close_times() -> CloseTimes:
    with connection.cursor() as cursor:
        cursor.execute(CLOSE_TIMES)
        first, last = cursor.fetchone()
    return CloseTimes(min(first or CLOSE_AT, CLOSE_AT), max(last or CLOSE_AT, CLOSE_AT))


def _states() -> list[ShardState]:
    """The shards that were fed."""
    seen = {row.shard: row for row in ClosedTo.objects.all()}
    found = []
    for cursor in Cursor.objects.filter(consumer=CONSUMER, block__gt=0).order_by("shard"):
        own = seen.get(cursor.shard) or ClosedTo()
        if cursor.complete_to is not None:
            state = ShardState(cursor.shard, cursor.block, cursor.complete_to, own.day or NEVER, own.block)
            found.append(state)
    return found


def _close_shard(state: ShardState, times: CloseTimes, now: datetime, limit: int) -> int:
    """Closes what is due in a shard; notes how far it was looked through when nothing is left."""
    moment = timezone.localtime(min(now, state.complete_to), timezone.get_default_timezone())
    has_new_day = last_due(moment, times.first) > state.seen_day
    if not has_new_day and state.block == state.seen_block:
        return 0
    statement = DUE if has_new_day else DUE_LATE
    done, failed, is_left = 0, set[int](), True
    while done < limit and is_left:
        rows = _due(statement, state, moment, limit - done, failed)
        known = len(failed)
        made = _close_stores(rows, now, failed)
        is_left = len(rows) == limit - done and (made > 0 or len(failed) > known)
        done += made
    if done < limit and not failed:
        day = max(last_due(moment, times.last), state.seen_day)
        ClosedTo.objects.update_or_create(shard=state.shard, defaults={"day": day, "block": state.block})
    return done


def _due(
    statement: str, state: ShardState, moment: datetime, limit: int, failed: Iterable[int]
) -> list[tuple[int, date]]:
    """(store, day) of what is due, by store; stores that failed are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "shard": state.shard,
                "block": state.seen_block,
                "after": state.seen_day,
                "today": moment.date(),
                "now": f"{moment:%H:%M:%S}",
                "close_at": f"{CLOSE_AT:%H:%M:%S}",
                "failed": list(failed),
                "limit": limit,
            },
        )
        return [(store, day) for store, day in cursor.fetchall()]


def _close_stores(rows: Iterable[tuple[int, date]], now: datetime, failed: set[int]) -> int:
    """Closes days, ordered by store; answers how many closes were made, and notes the stores that fail."""
    done = 0
    for store, own in groupby(rows, key=lambda row: row[0]):
        days = [day for _, day in own]
        try:
            for at in range(0, len(days), BATCH_DAYS):
                done += len(close_days(store, days[at : at + BATCH_DAYS], now))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("ALARM store %d cannot be closed", store)
            failed.add(store)
    return done
