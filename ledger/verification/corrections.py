"""Holds the rows of what was taken back against the records: each that a block demands, and no other.

A row that is gone hides a refund from the buyer, an added one invents it. Of a record that was removed because the law
demands it, only what its entry repeats can be compared: which sale it took back was in its bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db import connections

from ledger.corrections import CorrectionRow, taken_back
from ledger.models import identity_of, sequence_of, terminal_of
from ledger.shards import database_for
from ledger.verification.contents import POSTGRES_ORDINAL, RecordFields
from ledger.verification.faults import FaultKind
from ledger.verification.rows import Rows

# A row as text, so that no value that somebody wrote there, infinity or nothing, keeps it from being read.
Text = tuple[str | None, ...]
# Block and position.
PlaceIn = tuple[int, int]
NAMES = CorrectionRow._fields
# A time's text depends on the session, so its form is named.
AS_TEXT = ", ".join(
    "to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')" if name == "sealed_at" else f"{name}::text"
    for name in NAMES
)
IN_BLOCKS = f"SELECT block, position, {AS_TEXT} FROM ledger_correction WHERE shard = %s AND block BETWEEN %s AND %s"  # noqa: S608
# What an entry repeats of a row.
UNBACKED = """
SELECT block, position FROM ledger_correction c WHERE shard = %s AND block = ANY(%s) AND NOT EXISTS (
    SELECT FROM ledger_entry e
    WHERE (e.shard, e.identity, e.issued_on) = (c.shard, c.identity, c.issued_on) AND e.type > 0
      AND (e.sealed_on, e.block, e.position, e.type, e.total) = (c.sealed_on, c.block, c.position, c.type, c.total))
"""
# One statement sees heads and rows as the same DB transactions left them, so no flush comes between.
STRAYS = """
SELECT c.shard, c.block, c.position FROM ledger_correction c LEFT JOIN ledger_head h ON h.shard = c.shard
WHERE (h.shard IS NULL OR c.block IS NULL OR c.block NOT BETWEEN 1 AND h.block)
  AND (%s::int[] IS NULL OR c.shard = ANY(%s)) LIMIT %s
"""

# Notes a fault of a block: block, kind, what is wrong, position.
NoteIn = Callable[[int, FaultKind, str, int], None]


@dataclass
class Demanded:
    """What a block's records demand; the positions of removed records, and of those that nobody can read."""

    sealed_at: datetime
    rows: dict[int, CorrectionRow] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    unreadable: frozenset[int] = frozenset()


def demanded_rows(rows: Rows, fields: Sequence[RecordFields | None], sealed_at: datetime) -> dict[int, CorrectionRow]:
    """The corrections of a block's entries (`rows`), by position; of ordinary sales nothing is looked at."""
    found = {}
    for row in rows[rows["type"] != 0]:
        position = int(row["position"])
        read = fields[position]
        original = None if read is None else taken_back(read.sale.refers_to)
        if original is not None:
            found[position] = CorrectionRow(
                identity_of(original.terminal, original.sequence),
                original.day,
                int(row["shard"]),
                int(row["identity"]),
                _day(row["issued_on"]),
                _day(row["sealed_on"]),
                sealed_at,
                int(row["block"]),
                position,
                int(row["type"]),
                int(row["total"]),
            )
    return found


def _day(number: int) -> date:
    return date.fromordinal(POSTGRES_ORDINAL + int(number))


class Compared(NamedTuple):
    """How many rows there are, and the places of those whose record was removed."""

    rows: int
    of_removed: set[PlaceIn]


def compare(shard: int, first: int, last: int, blocks: Mapping[int, Demanded], note: NoteIn) -> Compared:
    """Compares the rows that name blocks `first` to `last` with what these demand.

    `blocks` has those whose records are as they were sealed; of another block it was said what is wrong with it.
    """
    stored: dict[PlaceIn, list[Text]] = {}
    with connections[database_for(shard)].cursor() as cursor:
        cursor.execute(IN_BLOCKS, [shard, first, last])
        count = 0
        for block, position, *text in cursor:
            stored.setdefault((block, position), []).append(tuple(text))
            count += 1
    for number, demanded in blocks.items():
        for position, row in demanded.rows.items():
            _compare_one(row, stored.pop((number, position), []), note)
    of_removed = {place for place in stored if place[0] in blocks and place[1] in blocks[place[0]].removed}
    _note_others(shard, blocks, stored, of_removed, note)
    return Compared(count, of_removed)


def _compare_one(row: CorrectionRow, there: Sequence[Text], note: NoteIn) -> None:
    wanted = text_of(row)
    if not there:
        text = f"the record takes back {_sale(wanted)}, and no correction says so"
        note(row.block, FaultKind.CORRECTION_MISSING, text, row.position)
        return
    if there[0] != wanted:
        differing = [
            f"{name} is {has}, the record says {says}"
            for name, has, says in zip(NAMES, there[0], wanted, strict=True)
            if has != says
        ]
        note(row.block, FaultKind.CORRECTION_CHANGED, f"the correction's {', '.join(differing)}", row.position)
    for _ in there[1:]:
        note(row.block, FaultKind.CORRECTION_UNKNOWN, "the correction is there a second time", row.position)


def _note_others(
    shard: int,
    blocks: Mapping[int, Demanded],
    stored: Mapping[PlaceIn, list[Text]],
    of_removed: set[PlaceIn],
    note: NoteIn,
) -> None:
    """Rows at positions that demand none: of removed records they are held against the entry, others are unknown."""
    unbacked = _unbacked(shard, of_removed)
    for (number, position), texts in stored.items():
        demanded = blocks.get(number)
        if demanded is None or position in demanded.unreadable:
            continue
        for text in texts:
            if (number, position) not in of_removed:
                note(number, FaultKind.CORRECTION_UNKNOWN, f"no refund or void backs that of {_sale(text)}", position)
            elif (number, position) in unbacked or text[NAMES.index("sealed_at")] != _time(demanded.sealed_at):
                said = "the record was removed, and its correction is not what its entry says"
                note(number, FaultKind.CORRECTION_CHANGED, said, position)


def _unbacked(shard: int, places: set[PlaceIn]) -> set[PlaceIn]:
    if not places:
        return set()
    with connections[database_for(shard)].cursor() as cursor:
        cursor.execute(UNBACKED, [shard, sorted({block for block, _ in places})])
        return set(cursor.fetchall()) & places


def text_of(row: CorrectionRow) -> Text:
    """The row as PostgreSQL is asked for it."""
    return tuple(_time(value) if isinstance(value, datetime) else str(value) for value in row)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _sale(text: Text) -> str:
    """The sale that a row names, as people read it."""
    original, day = text[0], text[1]
    if original is None:
        return "no sale"
    return f"terminal {terminal_of(int(original))}, sequence {sequence_of(int(original))} of {day}"


def stray_places(alias: str, shards: Sequence[int] | None, most: int) -> list[tuple[int | None, ...]]:
    """Shard, block and position of rows that name a block no chain leads to; of all shards when None is given."""
    with connections[alias].cursor() as cursor:
        own = None if shards is None else list(shards)
        cursor.execute(STRAYS, [own, own, most])
        places: list[tuple[int | None, ...]] = cursor.fetchall()
        return places
