"""Checks a range of one shard's blocks: each by itself, against the block before it, the log, entries, corrections."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from django.db import connections

from ledger.blocks import MarkKind, read_header
from ledger.log.leaves import LeafKind, RemovalLeaf, read_leaf
from ledger.log.models import LogEntry
from ledger.models import MarkedRecord
from ledger.shards import LOG_DATABASE, database_for
from ledger.verification.block_check import Checked, Known, StoredMark, check_block
from ledger.verification.corrections import Demanded, compare
from ledger.verification.entries import add_rows, look_up, place_key
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.header_check import FIRST_LINK, Link, check_link, link_of
from ledger.verification.reading import StoredBlock, header_of, partitions_of, read_blocks
from ledger.verification.rows import ROW, Rows, RowsError
from ledger.verification.tally import Tally
from possys.receipt_keys import table

# Blocks read at once: their bodies are some megabytes.
BLOCKS_AT_ONCE = 40
KINDS = frozenset(kind.value for kind in MarkKind)


@dataclass(frozen=True, slots=True)
class Range:
    """Blocks `first` to `last` of a shard, of which the log has those up to `logged`."""

    shard: int
    first: int
    last: int
    logged: int
    # What was sealed before this moment (RFC 3339, UTC) must be in the log.
    log_due: str = ""
    # Whether each record's entry is looked up here; else all days' entries are read by themselves.
    looks_up: bool = False


def check_range(own: Range, key: list[int]) -> Tally:
    """The whole range. `key` is the run's, for the sums of rows."""
    check = RangeCheck(own, key)
    for first in range(own.first, own.last + 1, BLOCKS_AT_ONCE):
        check.some(first, min(first + BLOCKS_AT_ONCE - 1, own.last))
    return check.tally


class RangeCheck:
    """One range's check, as it proceeds; the decoded records are let go with their block unless `keeps_fields`."""

    def __init__(self, own: Range, key: list[int], *, keeps_fields: bool = False) -> None:
        self.keeps_fields = keeps_fields
        self.own = own
        self.key = key
        self.alias = database_for(own.shard)
        self.tally = Tally()
        self.before = self._link_before(own.first)

    def some(self, first: int, last: int) -> list[tuple[StoredBlock, Checked]]:
        """Checks some blocks that follow the ones before; answers what each holds."""
        blocks = read_blocks(self.own.shard, first, last)
        known = known_of(self.own.shard, first, last)
        found: list[tuple[StoredBlock, Checked]] = []
        missing: list[int] = []
        expected = first
        for block in blocks:
            missing.extend(range(expected, block.number))
            if block.number < expected:
                self._note(block.number, FaultKind.BLOCK_UNKNOWN, f"is kept a second time, sealed on {block.sealed_on}")
                continue
            if block.number > expected:
                self.before = None
            found.append((block, self._one(block, known[block.number])))
            expected = block.number + 1
        missing.extend(range(expected, last + 1))
        if expected <= last:
            self.before = None
        self._note_missing(missing, known)
        self._add_rows([checked.rows for _, checked in found])
        corrections = {block.number: checked.corrections for block, checked in found if checked.corrections is not None}
        self._compare_corrections(first, last, corrections)
        return found

    def _compare_corrections(self, first: int, last: int, demanded: dict[int, Demanded]) -> None:
        compared = compare(self.own.shard, first, last, demanded, self._note)
        self.tally.corrections += compared.rows
        places = (place_key(self.own.shard, *place) for place in compared.of_removed)
        self.tally.removed_corrections.update(places)

    def _one(self, block: StoredBlock, known: Known) -> Checked:
        def note(kind: FaultKind, text: str, position: int | None) -> None:
            self._note(block.number, kind, text, position)

        if known.leaf is None and block.number <= self.own.logged:
            note(FaultKind.BLOCK_NOT_LOGGED, "the log has later blocks of the shard, but not this one", None)
        checked = check_block(block, known, table(), note)
        if known.leaf is None and block.number > self.own.logged:
            self._check_due(block.number, checked)
        if checked.header is not None and self.before is not None:
            check_link(checked.header, self.before, note)
        self.before = link_of(block.header)
        if not self.keeps_fields:
            checked.fields = []
        tally = self.tally
        tally.blocks += 1
        tally.records += checked.records
        if not checked.is_readable:
            tally.unreadable += block.count if checked.header is None else checked.header.count
        tally.marked += len(known.marks)
        tally.removed += len(checked.removed)
        tally.not_logged += known.leaf is None
        return checked

    def _check_due(self, number: int, checked: Checked) -> None:
        """A block that is not in the log yet was sealed a moment ago."""
        if checked.header is not None and checked.header.sealed_at < self.own.log_due:
            text = f"sealed at {checked.header.sealed_at}, and still not in the log"
            self._note(number, FaultKind.BLOCK_NOT_LOGGED, text)

    def _add_rows(self, parts: list[Rows]) -> None:
        rows = np.concatenate(parts) if parts else np.empty(0, dtype=ROW)
        if not len(rows):
            return
        tally = self.tally
        add_rows(rows, self.key, tally.record_sums, tally.record_totals)
        if self.own.looks_up:
            try:
                found = look_up(self.alias, self.own.shard, rows)
            except RowsError as fault:
                tally.note(Fault(FaultKind.ENTRY_CHANGED, str(fault), self.own.shard))
                return
            tally.entries += len(found)
            add_rows(found, self.key, tally.entry_sums, tally.entry_totals)

    def _note(self, block: int, kind: FaultKind, text: str, position: int | None = None) -> None:
        self.tally.note(Fault(kind, text, self.own.shard, block, position))

    def _note_missing(self, numbers: list[int], known: dict[int, Known]) -> None:
        """Missing blocks in a row are one fault; when their day has no partition, that is what is wrong."""
        for first, last in _runs(numbers):
            leaf = known[first].leaf
            day = None if leaf is None else _sealed_day(leaf)
            through = "" if first == last else f" (and all up to block {last})"
            if day is not None and not self._has_partition(day):
                text = f"is missing{through}: there is no partition of {day}"
                self._note(first, FaultKind.PARTITION_MISSING, text)
            else:
                sealed = "" if day is None else f"; the log has its header, sealed on {day}"
                self._note(first, FaultKind.BLOCK_MISSING, f"is missing{through}{sealed}")

    def _has_partition(self, day: str) -> bool:
        partitions = partitions_of(self.alias, "ledger_block")
        return any(str(one.first) <= day < str(one.end) for one in partitions)

    def _link_before(self, number: int) -> Link | None:
        """What the range's first block must continue."""
        if number == 1:
            return FIRST_LINK
        header = header_of(self.own.shard, number - 1)
        return None if header is None else link_of(header)


def known_of(shard: int, first: int, last: int) -> dict[int, Known]:
    """What marks and log say of each of these blocks."""
    found: dict[int, Known] = {number: Known() for number in range(first, last + 1)}
    marks: dict[int, list[StoredMark]] = defaultdict(list)
    for row in MarkedRecord.objects.using(database_for(shard)).filter(shard=shard, block__range=(first, last)):
        # A kind that does not exist is left out: then the marks have not the header's hash.
        if row.kind in KINDS:
            marks[row.block].append(StoredMark(row.as_sealed, row.identity, str(row.issued_on), str(row.sealed_on)))
    for number, own in marks.items():
        found[number].marks = own
    of_shard = LogEntry.objects.using(LOG_DATABASE).filter(shard=shard, block__range=(first, last))
    for logged, leaf in of_shard.filter(kind=LeafKind.BLOCK).values_list("block", "leaf"):
        found[logged or 0].leaf = bytes(leaf)
    for removal in removals_in([bytes(leaf) for leaf in _removal_leaves(shard, first, last)]):
        if removal.shard == shard and removal.block in found:
            known = found[removal.block]
            known.removals = {**known.removals, removal.position: removal.leaf}
    return found


def _removal_leaves(shard: int, first: int, last: int) -> list[bytes]:
    with connections[LOG_DATABASE].cursor() as cursor:
        # Named by their kind, so that the index of the few leaves that are no blocks is used.
        cursor.execute(
            "SELECT leaf FROM ledger_logentry WHERE kind = %s AND kind <> %s AND shard = %s "
            "AND block BETWEEN %s AND %s",
            [LeafKind.REMOVAL.value, LeafKind.BLOCK.value, shard, first, last],
        )
        return [row[0] for row in cursor.fetchall()]


def removals_in(leaves: list[bytes]) -> list[RemovalLeaf]:
    """The removals that these leaves name; what cannot be read is found where the log is checked."""
    found = []
    for leaf in leaves:
        try:
            read = read_leaf(leaf)
        except ValueError:
            continue
        if isinstance(read, RemovalLeaf):
            found.append(read)
    return found


def _sealed_day(header: bytes) -> str | None:
    try:
        return read_header(header).sealed_at[:10]
    except ValueError:
        return None


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Numbers in order as first and last of each run without a gap."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
