"""What the findings are fed: what each terminal did by day and hour, its numbers, its clock, and conflicts.

Rows of a terminal are written by its shard alone, so the states that are read here cannot change until they are
written. Gaps are read only of terminals whose numbers are not the next ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import cast

import numpy as np
import numpy.typing as npt

from findings.facts import CLOCK_DAY, TILL_DAY, TILL_HOUR, GapChanges, State, add_up, changes_of, follow, is_next
from findings.gaps import Gap, Numbers
from findings.models import ClockDay, Conflict, TillDay, TillHour, TillState
from findings.models import Gap as GapRow
from ledger.block_facts import EPOCH, S_PER_DAY, US_PER_S, facts_of
from ledger.blocks import Kind, MarkKind
from ledger.consumers import consumer
from ledger.feed import FedBlock
from ledger.records import read
from ledger.sums import Cursor, Rows, add_sums, binary_cursor, columns_of
from possys.arrays import integer_array

CONSUMER = "findings"

# Columns of a state, each with its type; moments of 0 (which no till has: it is the first of 2000) stand for none.
STATE_COLUMNS = {
    "terminal": "integer",
    "retailer": "integer",
    "store": "integer",
    "records": "bigint",
    "first_sequence": "integer",
    "first_issued_at": "timestamptz",
    "last_sequence": "integer",
    "last_issued_at": "timestamptz",
    "last_received_at": "timestamptz",
    "online_at": "timestamptz",
    "clock_offset_s": "integer",
    "behind_sales": "integer",
    "behind_since": "timestamptz",
    "behind_least_s": "integer",
    "block": "bigint",
}
ARRAY_TYPES = {"timestamptz": "timestamp with time zone"}
NONE = "'2000-01-01 00:00:00+00'::timestamptz"
NULLABLE = frozenset({"online_at", "behind_since"})
_AS_READ = ", ".join(
    f"array_agg(coalesce({name}, {NONE}))" if name in NULLABLE else f"array_agg({name})" for name in STATE_COLUMNS
)
# One array a column: a thousand rows cost the reader as much as one.
READ_STATES = f"SELECT {_AS_READ} FROM findings_tillstate WHERE terminal = ANY(%b::integer[])".encode()  # noqa: S608
_AS_WRITTEN = ", ".join(f"nullif({name}, {NONE})" if name in NULLABLE else name for name in STATE_COLUMNS)
WRITE_STATES = (
    f"INSERT INTO findings_tillstate ({', '.join(STATE_COLUMNS)}) SELECT {_AS_WRITTEN} "  # noqa: S608
    f"FROM unnest({', '.join(f'%b::{kind}[]' for kind in STATE_COLUMNS.values())}) AS new ({', '.join(STATE_COLUMNS)}) "
    "ON CONFLICT (terminal) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in STATE_COLUMNS if name != "terminal")
).encode()
READ_GAPS = b"""
SELECT terminal, first, last, missing, origin, is_more, seen_at, issued_after, issued_before
FROM findings_gap WHERE terminal = ANY(%b::integer[])
"""
DROP_GAPS = b"""
DELETE FROM findings_gap AS gap USING unnest(%b::integer[], %b::integer[]) AS gone (terminal, first)
WHERE gap.terminal = gone.terminal AND gap.first = gone.first
"""
GAP_COLUMNS = {
    "terminal": "integer",
    "first": "integer",
    "last": "integer",
    "missing": "integer",
    "origin": "integer",
    "is_more": "integer",
    "seen_at": "timestamptz",
    "issued_after": "timestamptz",
    "issued_before": "timestamptz",
}
WRITE_GAPS = (
    f"INSERT INTO findings_gap ({', '.join(GAP_COLUMNS)}) "  # noqa: S608
    f"SELECT {', '.join(f'{name}::boolean' if name == 'is_more' else name for name in GAP_COLUMNS)} "
    f"FROM unnest({', '.join(f'%b::{kind}[]' for kind in GAP_COLUMNS.values())}) AS new ({', '.join(GAP_COLUMNS)}) "
    "ON CONFLICT (terminal, first) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in GAP_COLUMNS if name not in {"terminal", "first"})
).encode()
_GapRow = tuple[int, int, int, int, int, bool, datetime, datetime, datetime]
_state_values = (
    attrgetter("terminal"),
    attrgetter("retailer"),
    attrgetter("store"),
    attrgetter("records"),
    attrgetter("numbers.first"),
    attrgetter("numbers.first_us"),
    attrgetter("numbers.last"),
    attrgetter("numbers.last_us"),
    attrgetter("received_us"),
    attrgetter("online_us"),
    attrgetter("offset_s"),
    attrgetter("behind_sales"),
    attrgetter("behind_since_us"),
    attrgetter("behind_least_s"),
)


@consumer(CONSUMER, tables=[TillState, TillDay, TillHour, GapRow, ClockDay, Conflict])
def add_facts(block: FedBlock) -> None:
    """Adds a block's sales to what is known of their terminals."""
    _add_conflicts(block)
    facts = facts_of(block)
    if not facts.sales:
        return
    sums = add_up(facts)
    wrong: Rows = {}
    with binary_cursor() as cursor:
        states = _read_states(cursor, sorted(sums.tills))
        uneven = [terminal for terminal, state in states.items() if not is_next(state, sums.tills[terminal])]
        before = _read_gaps(cursor, states, uneven) if uneven else {}
        sealed_us = _us(block.sealed_at)
        for terminal, state in states.items():
            follow(state, sums.tills[terminal], sealed_us, wrong)
        if uneven:
            _write_gaps(cursor, [changes_of(one, before.get(one, {}), states[one].numbers) for one in uneven])
        _write_states(cursor, list(states.values()), block.number)
        add_sums(cursor, TILL_DAY, columns_of(TILL_DAY, sums.days))
        add_sums(cursor, TILL_HOUR, columns_of(TILL_HOUR, sums.hours))
        add_sums(cursor, CLOCK_DAY, columns_of(CLOCK_DAY, wrong))


def _us(moment: datetime) -> int:
    """Microseconds since 2000."""
    since = moment - EPOCH
    return (since.days * S_PER_DAY + since.seconds) * US_PER_S + since.microseconds


def _read_states(cursor: Cursor, terminals: Sequence[int]) -> dict[int, State]:
    """The states by terminal, in order; new ones for terminals that were never seen."""
    cursor.execute(READ_STATES, [integer_array(terminals, "integer")], binary=True)
    result = cursor.pgresult
    assert result is not None
    found = {}
    columns = [_read_array(result.get_value(0, place), kind) for place, kind in enumerate(STATE_COLUMNS.values())]
    for row in zip(*columns, strict=True):
        state = State(
            row[0], row[1], row[2], row[3], row[8], row[9], row[10], row[11], row[12], row[13],
            Numbers(row[4], row[5], row[6], row[7]),
        )  # fmt: skip
        found[row[0]] = state
    return {terminal: found.get(terminal) or State(terminal) for terminal in terminals}


def _read_array(sent: bytes | None, kind: str) -> list[int]:
    """An array without nulls as PostgreSQL sends it: a head of five numbers, then each value behind its length."""
    if sent is None:
        return []
    form = ">i4" if kind == "integer" else ">i8"
    values: npt.NDArray[np.void] = np.frombuffer(sent, dtype=[("length", ">i4"), ("value", form)], offset=20)
    read_values: list[int] = values["value"].tolist()
    return read_values


def _read_gaps(
    cursor: Cursor, states: dict[int, State], terminals: Sequence[int]
) -> dict[int, dict[int, tuple[int, ...]]]:
    """Loads the gaps of terminals into their states; answers the rows as they are, by terminal and first number."""
    cursor.execute(READ_GAPS, [integer_array(terminals, "integer")])
    gaps: dict[int, list[Gap]] = defaultdict(list)
    for terminal, first, last, missing, origin, is_more, *moments in cast("list[_GapRow]", cursor.fetchall()):
        gaps[terminal].append(Gap(first, last, missing, origin, is_more, *[_us(moment) for moment in moments]))
    for terminal in terminals:
        states[terminal].numbers.load(gaps[terminal])
    return {terminal: {gap.first: gap.row for gap in own} for terminal, own in gaps.items()}


def _write_gaps(cursor: Cursor, changes: Iterable[GapChanges]) -> None:
    gone = [one for change in changes for one in change.gone]
    if gone:
        cursor.execute(DROP_GAPS, [integer_array(column, "integer") for column in zip(*gone, strict=True)])
    kept = [(terminal, *gap.row) for change in changes for terminal, gap in change.kept]
    if kept:
        columns = zip(zip(*kept, strict=True), GAP_COLUMNS.values(), strict=True)
        cursor.execute(WRITE_GAPS, [_array(column, kind) for column, kind in columns])


def _write_states(cursor: Cursor, states: Sequence[State], block: int) -> None:
    columns = [[value(state) for state in states] for value in _state_values]
    columns.append([block] * len(states))
    kinds = STATE_COLUMNS.values()
    cursor.execute(WRITE_STATES, [_array(column, kind) for column, kind in zip(columns, kinds, strict=True)])


def _array(values: Sequence[int], kind: str) -> bytes:
    return integer_array(values, ARRAY_TYPES.get(kind, kind))


def _add_conflicts(block: FedBlock) -> None:
    """Notes what was sealed as a conflict, unless the law had it removed: then nothing says whose it was."""
    made = []
    for mark in block.marks:
        kind, content = block.positions[mark.position]
        if mark.kind != MarkKind.CONFLICT or kind == Kind.REMOVED:
            continue
        sale = read(content).sale
        made.append(
            Conflict(
                shard=block.shard,
                block=block.number,
                position=mark.position,
                sealed_on=block.stored.sealed_on,
                sealed_at=block.sealed_at,
                terminal=sale["terminal"],
                sequence=sale["sequence"],
                first_sealed_on=mark.first and mark.first.sealed_on,
                first_block=mark.first and mark.first.block,
                first_position=mark.first and mark.first.position,
            )
        )
    if made:
        Conflict.objects.bulk_create(made)
