"""What the judges of gaps, conflicts and clocks read of the facts, each by primary key."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from findings.models import TillState
from possys.clock import iso_utc
from transactions.stream import SHARD_COUNT

WEEK = timedelta(weeks=1)
CHANGED = f"""
SELECT terminal FROM findings_tillstate
WHERE terminal > %s AND block > (%s::bigint[])[mod(terminal, {SHARD_COUNT}) + 1] ORDER BY terminal LIMIT %s
"""  # noqa: S608


def numbers_of(statement: str, values: Sequence[Any]) -> list[int]:
    """The one column of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [number for (number,) in cursor.fetchall()]


def changed_tills(after: int, limit: int, since_blocks: Sequence[int]) -> list[int]:
    """The next terminals behind that number of which something was fed behind the blocks, which are by shard."""
    return numbers_of(CHANGED, [after, list(since_blocks), limit])


def states_of(terminals: Collection[int]) -> dict[int, TillState]:
    """Where terminals stand, by number."""
    return TillState.objects.in_bulk(list(terminals))


def usual_week(state: TillState) -> float:
    """About how many receipts a terminal has in a week; one that is new, so far."""
    lived = state.last_issued_at - state.first_issued_at
    return state.records / max(1.0, lived / WEEK)


def text_of(moment: datetime) -> str:
    """A moment as evidence has it: RFC 3339 in UTC."""
    return iso_utc(round(moment.astimezone(UTC).timestamp() * 1000))
