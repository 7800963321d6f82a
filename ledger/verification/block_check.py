"""Checks one block from its bytes: root, removals, marks, and each record's place and code. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from ledger.blocks import (
    Header,
    Kind,
    MarkRow,
    each_position,
    marks_hash,
    unpacked,
)
from ledger.copying import CODE_EPOCH_DAYS
from ledger.merkle import HASH_BYTES, LEAF, root
from ledger.verification.contents import (
    POSTGRES_ORDINAL,
    ContentsError,
    Place,
    RecordFields,
    one_by_one,
    read_fields,
    rows_of,
    signed_of,
)
from ledger.verification.corrections import Demanded, demanded_rows
from ledger.verification.faults import FaultKind, Note
from ledger.verification.header_check import check_header
from ledger.verification.reading import StoredBlock
from ledger.verification.rows import ROW, Rows
from possys.codes import SEQUENCE_BITS, Environment, KeyTable
from transactions.signatures import Signed, verify_many
from transactions.stream import SHARD_COUNT

SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1
NO_MARKS = marks_hash(()).hex()


class StoredMark(NamedTuple):
    """A mark's row."""

    mark: MarkRow
    identity: int
    issued_on: str
    sealed_on: str


@dataclass
class Known:
    """What is known of a block from elsewhere: its marks, its leaf in the log, and removals that the log names."""

    marks: Sequence[StoredMark] = ()
    leaf: bytes | None = None
    removals: Mapping[int, str] = field(default_factory=dict)


@dataclass
class Checked:
    """What a block holds: its header, the entries that it demands, and the positions of removed records."""

    header: Header | None = None
    rows: Rows = field(default_factory=lambda: np.empty(0, dtype=ROW))
    removed: list[int] = field(default_factory=list)
    records: int = 0
    is_sealed: bool = False
    # Its positions could be told apart; a record among them may be unreadable all the same.
    is_readable: bool = False
    fields: list[RecordFields | None] = field(default_factory=list)
    # None when the records are not those that were sealed.
    corrections: Demanded | None = None


def check_block(block: StoredBlock, known: Known, keys: KeyTable, note: Note) -> Checked:
    """Everything that can be said of a block by itself."""
    checked = Checked(check_header(block, known.leaf, note))
    if checked.header is None:
        return checked
    try:
        raw = unpacked(block.body)
        leaves = _read_positions(checked, raw, note)
    except ValueError as fault:
        note(FaultKind.RECORD_UNREADABLE, str(fault), None)
        checked.fields, checked.removed = [], []
        return checked
    checked.is_readable = True
    checked.records = len(leaves)
    _check_root(checked, leaves, note)
    if len(raw) != block.raw_bytes and not checked.removed:
        note(FaultKind.COLUMN_CHANGED, f"raw_bytes is {block.raw_bytes}, the body has {len(raw)}", None)
    _check_removals(checked.removed, leaves, known.removals, note)
    _check_records(checked, known, block.sealed_on, keys, note)
    return checked


def _read_positions(checked: Checked, raw: bytes, note: Note) -> list[bytes]:
    """Hashes and decodes each position while it is at hand; answers the leaf hashes. Raises ValueError."""
    leaves: list[bytes] = []
    signed: list[tuple[int, Signed]] = []
    fields = checked.fields
    for kind, content in each_position(raw):
        if kind == Kind.REMOVED:
            checked.removed.append(len(leaves))
            leaves.append(content)
            fields.append(None)
            continue
        leaves.append(sha256(LEAF + content).digest())
        try:
            read = read_fields(content)
        except ContentsError as fault:
            note(FaultKind.RECORD_UNREADABLE, str(fault), len(fields))
            fields.append(None)
            continue
        if own := signed_of(read, content):
            signed.append((len(fields), own))
        fields.append(read)
    for (position, _), is_genuine in zip(signed, verify_many([one for _, one in signed]), strict=True):
        if not is_genuine:
            note(FaultKind.SIGNATURE_FALSE, "the signature is not of the terminal's key over this sale", position)
    return leaves


def _check_root(checked: Checked, leaves: Sequence[bytes], note: Note) -> None:
    header = checked.header
    assert header is not None
    if len(leaves) != header.count:
        note(FaultKind.RECORD_CHANGED, f"holds {len(leaves)} records, the header says {header.count}", None)
    checked.is_sealed = root(leaves).hex() == header.root
    if not checked.is_sealed:
        note(FaultKind.RECORD_CHANGED, "the records do not have the root of the header", None)


def _check_removals(removed: Sequence[int], leaves: Sequence[bytes], removals: Mapping[int, str], note: Note) -> None:
    """Every removed record was removed by a leaf of the log, and every such leaf was carried out."""
    for position in removed:
        leaf = leaves[position]
        if len(leaf) != HASH_BYTES or removals.get(position) != leaf.hex():
            note(FaultKind.REMOVAL_UNKNOWN, "the record was removed, and no leaf of the log says so", position)
    for position in sorted(removals.keys() - set(removed)):
        note(FaultKind.REMOVAL_UNDONE, "the log says that the record was removed, yet it is there", position)


def _check_records(checked: Checked, known: Known, sealed_on: date, keys: KeyTable, note: Note) -> None:
    """Each record's place and code, and the rows of those that have an entry."""
    header = checked.header
    assert header is not None
    at = [position for position, read in enumerate(checked.fields) if read is not None]
    records = [read for read in checked.fields if read is not None]
    place = Place(header.shard, header.block, header.epoch, header.first_number, sealed_on)
    rows = _rows(records, at, place, note)
    _check_places(records, at, place, note)
    _check_codes(rows, checked.fields, keys, note)
    checked.rows = _check_marks(rows, checked, known.marks, note)
    if checked.is_sealed:
        checked.corrections = _demanded(checked, rows, header)


def _demanded(checked: Checked, rows: Rows, header: Header) -> Demanded:
    """The corrections that a sealed block demands."""
    sealed_at = datetime.fromisoformat(header.sealed_at).astimezone(UTC)
    read = frozenset(rows["position"].tolist())
    removed = frozenset(checked.removed)
    return Demanded(
        sealed_at,
        demanded_rows(checked.rows, checked.fields, sealed_at),
        removed,
        frozenset(range(checked.records)) - read - removed,
    )


def _rows(records: Sequence[RecordFields], at: Sequence[int], place: Place, note: Note) -> Rows:
    try:
        return rows_of(records, at, place)
    except ContentsError:
        found = list(one_by_one(records, at, place))
    for position, row in found:
        if isinstance(row, ContentsError):
            note(FaultKind.RECORD_UNREADABLE, str(row), position)
    rows = [row for _, row in found if not isinstance(row, ContentsError)]
    return np.concatenate(rows) if rows else np.empty(0, dtype=ROW)


def _check_places(records: Sequence[RecordFields], at: Sequence[int], place: Place, note: Note) -> None:
    """The envelope's shard, epoch and number are the place's own."""
    shard, epoch, first = place.shard, place.epoch, place.first_number
    for position, record in zip(at, records, strict=True):
        if record.number != first + position or record.shard != shard or record.epoch != epoch:
            text = f"the record says shard {record.shard}, {record.epoch}-{record.number}"
            note(FaultKind.RECORD_MISPLACED, text, position)
        if record.sale.terminal % SHARD_COUNT != shard:
            note(FaultKind.RECORD_MISPLACED, f"terminal {record.sale.terminal} is not of this shard", position)


def _check_codes(rows: Rows, fields: Sequence[RecordFields | None], keys: KeyTable, note: Note) -> None:
    """Each receipt code is that of the record's identity and day."""
    if not len(rows):
        return
    # Arrays are what the table makes of its lists anyway.
    days: Any = rows["issued_on"].astype(np.int64) - CODE_EPOCH_DAYS
    terminals: Any = rows["identity"] >> SEQUENCE_BITS
    sequences: Any = rows["identity"] & SEQUENCE_MASK
    try:
        wanted = keys.encode_many(Environment.PRODUCTION, days, terminals, sequences)
    except ValueError as fault:
        note(FaultKind.CODE_WRONG, f"codes cannot be made: {fault}", None)
        return
    for position, code in zip(rows["position"].tolist(), wanted, strict=True):
        read = fields[position]
        if read is None or read.code != code:
            note(FaultKind.CODE_WRONG, f"the code is {read and read.code}, it should be {code}", position)


def _check_marks(rows: Rows, checked: Checked, marks: Sequence[StoredMark], note: Note) -> Rows:
    """The marks are the header's, their columns are the records'; answers the rows without a mark."""
    header = checked.header
    assert header is not None
    found = marks_hash([stored.mark for stored in marks]).hex() if marks else NO_MARKS
    if found != header.marks:
        note(FaultKind.MARKS_CHANGED, "the marks are not those of the header", None)
    if not marks:
        return rows
    row_at = {int(row["position"]): row for row in rows}
    for stored in marks:
        row = row_at.get(stored.mark.position)
        if row is None:
            continue
        columns = (stored.identity, stored.issued_on, stored.sealed_on)
        wanted = (int(row["identity"]), _day(int(row["issued_on"])), _day(int(row["sealed_on"])))
        if columns != wanted:
            note(FaultKind.MARKS_CHANGED, f"the mark says {columns}, the record {wanted}", stored.mark.position)
    marked = [stored.mark.position for stored in marks]
    return rows[~np.isin(rows["position"], marked)]


def _day(number: int) -> str:
    return date.fromordinal(POSTGRES_ORDINAL + number).isoformat()
