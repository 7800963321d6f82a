"""Looks at blocks whose entries are not what their records demand, and names the positions and columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ledger.models import sequence_of, terminal_of
from ledger.shards import ALL_SHARDS, by_database
from ledger.verification.block_check import check_block
from ledger.verification.contents import shown
from ledger.verification.entries import DAY_BITS
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.ranges import known_of
from ledger.verification.reading import read_blocks, read_entries
from ledger.verification.rows import NAMES, Rows
from ledger.verification.tally import Tally
from possys.receipt_keys import table

# Each of them is read again, and once the entries of all days are searched; more than so many is not a place any more.
BLOCKS_MAX = 200
Row = tuple[int, ...]
PlaceOf = tuple[int, int]
IDENTITY, BLOCK, SHARD, POSITION, ISSUED_ON, TOTAL = (
    NAMES.index(name) for name in ("identity", "block", "shard", "position", "issued_on", "total")
)


@dataclass
class _Comparison:
    """Rows that records demand and rows that are there; `used` are those of the latter that have found their record."""

    tally: Tally
    demanded: dict[PlaceOf, dict[int, Row]] = field(default_factory=dict)
    unsealed: set[PlaceOf] = field(default_factory=set)
    removed: set[tuple[int, int, int]] = field(default_factory=set)
    # Blocks, and records of others, that cannot be read: nobody knows what their entries should say.
    unreadable: set[PlaceOf] = field(default_factory=set)
    unreadable_records: set[tuple[int, int, int]] = field(default_factory=set)
    used: set[Row] = field(default_factory=set)


def look_closely(blocks: Sequence[PlaceOf], *, search_all: bool) -> Tally:
    """The faults of these blocks' entries, blocks given as (shard, number).

    `search_all` reads all days for entries that name one of the blocks; without it only the records' own are found.
    """
    comparison = _Comparison(Tally())
    for shard, number in blocks[:BLOCKS_MAX]:
        _read_block(comparison, shard, number)
    there = _entries(comparison, search_all=search_all)
    _compare(comparison, there)
    _leave_out(comparison, _note_unknown(comparison, there))
    for shard, number in blocks[BLOCKS_MAX:]:
        text = "its entries are not those of its records (too many blocks are damaged to look at each)"
        comparison.tally.note(Fault(FaultKind.ENTRY_CHANGED, text, shard, number))
    return comparison.tally


def _read_block(comparison: _Comparison, shard: int, number: int) -> None:
    place = (shard, number)
    comparison.demanded[place] = {}
    if number < 1 or shard not in ALL_SHARDS:
        return
    for block in read_blocks(shard, number, number)[:1]:
        # What is wrong with the block itself was noted when it was read first.
        checked = check_block(block, known_of(shard, number, number)[number], table(), lambda *_: None)
        comparison.demanded[place] = {row[POSITION]: row for row in _tuples(checked.rows)}
        comparison.removed.update((shard, number, position) for position in checked.removed)
        if not checked.is_readable:
            comparison.unreadable.add(place)
        unread = {at for at, fields in enumerate(checked.fields) if fields is None} - set(checked.removed)
        comparison.unreadable_records.update((shard, number, position) for position in unread)
        if not checked.is_sealed:
            comparison.unsealed.add(place)


def _tuples(rows: Rows) -> list[Row]:
    found: list[Row] = rows.tolist()
    return found


def _entries(comparison: _Comparison, *, search_all: bool) -> list[Row]:
    """All entries that could belong to these blocks: by the block named, and by the records' identities on any day."""
    named: list[Row] = []
    of_records: set[Row] = set()
    places = comparison.demanded
    for alias, shards in by_database({shard for shard, _ in places}).items():
        if search_all:
            blocks = sorted({block for shard, block in places if shard in shards})
            named += _tuples(
                read_entries(alias, "ledger_entry WHERE shard = ANY(%s) AND block = ANY(%s)", (shards, blocks))
            )
        for shard in shards:
            identities = [row[IDENTITY] for place in places if place[0] == shard for row in places[place].values()]
            found = read_entries(alias, "ledger_entry WHERE shard = %s AND identity = ANY(%s)", (shard, identities))
            of_records.update(_tuples(found))
    return sorted([*named, *(of_records - set(named))])


def _compare(comparison: _Comparison, there: Sequence[Row]) -> None:
    """Gives each record its entry: the right one, else the one at its place, else the one of its identity."""
    right = set(there)
    by_place: dict[tuple[int, int, int], list[Row]] = {}
    by_identity: dict[int, list[Row]] = {}
    for row in there:
        by_place.setdefault((row[SHARD], row[BLOCK], row[POSITION]), []).append(row)
        by_identity.setdefault(row[IDENTITY], []).append(row)
    demanded = [(place, row) for place, rows in comparison.demanded.items() for row in rows.values()]
    comparison.used.update(row for _, row in demanded if row in right)
    for place, row in demanded:
        if row in right:
            continue
        near = [*by_place.get((*place, row[POSITION]), ()), *by_identity.get(row[IDENTITY], ())]
        free = [other for other in near if other not in comparison.used]
        if free:
            comparison.used.add(free[0])
        _note_entry(comparison, place, row, free[0] if free else None)


def _note_entry(comparison: _Comparison, place: PlaceOf, row: Row, found: Row | None) -> None:
    shard, block = place
    if found is None:
        text = f"there is no entry of terminal {terminal_of(row[IDENTITY])}, sequence {sequence_of(row[IDENTITY])}"
        comparison.tally.note(Fault(FaultKind.ENTRY_MISSING, text, shard, block, row[POSITION]))
        return
    differing = [
        f"{name} is {shown(name, there)}, the record says {shown(name, wanted)}"
        for name, there, wanted in zip(NAMES, found, row, strict=True)
        if there != wanted
    ]
    # Where the records have not the header's root, it is the record that was changed.
    kind = FaultKind.RECORD_CHANGED if place in comparison.unsealed else FaultKind.ENTRY_CHANGED
    comparison.tally.note(Fault(kind, f"the entry's {', '.join(differing)}", shard, block, row[POSITION]))


def _note_unknown(comparison: _Comparison, there: Iterable[Row]) -> list[Row]:
    """Notes entries that name one of these blocks and belong to no record of it.

    Answers those of which nobody can say so, because their record cannot be read.
    """
    seen: set[Row] = set()
    left_out: list[Row] = []
    for row in there:
        place = (row[SHARD], row[BLOCK])
        # The same row twice is possible when the primary key was dropped.
        is_first = row not in seen
        seen.add(row)
        if place not in comparison.demanded or (is_first and row in comparison.used):
            continue
        if (*place, row[POSITION]) in comparison.removed:
            continue
        if is_first and (place in comparison.unreadable or (*place, row[POSITION]) in comparison.unreadable_records):
            left_out.append(row)
            continue
        identity, issued_on = row[IDENTITY], shown("issued_on", row[ISSUED_ON])
        text = f"no record backs the entry of terminal {terminal_of(identity)}, sequence {sequence_of(identity)}"
        comparison.tally.note(Fault(FaultKind.ENTRY_UNKNOWN, f"{text}, {issued_on}", *place, row[POSITION]))
    return left_out


def _leave_out(comparison: _Comparison, rows: Sequence[Row]) -> None:
    """Says of which entries the records cannot be read, and takes them from the control totals."""
    totals = comparison.tally.entry_totals
    for row in rows:
        day = np.array([row[SHARD] << DAY_BITS | row[ISSUED_ON]], dtype=np.int64)
        # Unsigned sums wrap around: adding what is below zero takes away.
        less = np.array([[-1], [-row[TOTAL]]], dtype=np.int64).view(np.uint64)
        totals.add(day, less[0], less[1])
    for (shard, block), count in Counter((row[SHARD], row[BLOCK]) for row in rows).items():
        comparison.tally.left_out.append(
            f"entries of shard {shard}, block {block} whose records cannot be read: {count:,}"
        )
