"""Checks a shard's blocks from their bytes: roots, links, gapless numbers, marks, and entries against records.

The evidence issue builds the full verifier on this; `reconcile` needs it to say that the chains are whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ledger import records
from ledger.archive.packs import blocks_between
from ledger.blocks import (
    NO_HEADER_HASH,
    Header,
    Kind,
    MarkKind,
    MarkRow,
    Place,
    header_hash,
    leaf_of,
    marks_hash,
    read_header,
    unpack_body,
)
from ledger.merkle import root
from ledger.models import Block, Entry, Head, MarkedRecord, block_key, identity_of
from ledger.shards import database_for

# Blocks read at once: their bodies are some megabytes.
CHUNK_BLOCKS = 50


class Seen(NamedTuple):
    """One record as it was found: its identity, day, place and sale."""

    identity: int
    issued_on: str
    place: Place
    code: str
    sale: bytes
    mark: MarkKind | None


@dataclass
class ShardReport:
    """What the check of one shard found; `faults` name the block, the position and the kind of damage."""

    shard: int
    blocks: int = 0
    records: int = 0
    entries: int = 0
    marked: int = 0
    faults: list[str] = field(default_factory=list)


def check_shard(shard: int, report: ShardReport) -> Iterator[Seen]:
    """Reads every block of the shard in order, adds what is wrong to the report, and yields every record."""
    alias = database_for(shard)
    head = Head.objects.using(alias).get(shard=shard)
    previous, epoch, number = NO_HEADER_HASH, 0, 0
    for first in range(1, head.block + 1, CHUNK_BLOCKS):
        chunk = _blocks(alias, shard, first, min(first + CHUNK_BLOCKS - 1, head.block))
        for block_number in range(first, min(first + CHUNK_BLOCKS - 1, head.block) + 1):
            block = chunk.get(block_number)
            if block is None:
                report.faults.append(f"shard {shard}, block {block_number}: is missing")
                previous = b""
                continue
            checked = _BlockCheck(alias, block, report)
            yield from checked.records()
            checked.check_link(previous, epoch, number)
            header = checked.header
            previous, epoch, number = (
                header_hash(bytes(block.header)),
                header.epoch,
                header.first_number + header.count - 1,
            )
    if head.block and (previous != bytes(head.header_hash) or (epoch, number) != (head.epoch, head.number)):
        report.faults.append(f"shard {shard}: the head does not agree with its last block {head.block}")
    if head.records != report.records:
        report.faults.append(f"shard {shard}: the head counts {head.records} records, the blocks hold {report.records}")


def _blocks(alias: str, shard: int, first: int, last: int) -> dict[int, Block]:
    found = Block.objects.using(alias).filter(id__range=(block_key(shard, first), block_key(shard, last)))
    blocks = {block.number: block for block in found}
    if len(blocks) <= last - first:
        archived = {block.number: Block(**block._asdict()) for block in blocks_between(shard, first, last)}
        blocks = archived | blocks
    return blocks


class _BlockCheck:
    """The check of one block."""

    def __init__(self, alias: str, block: Block, report: ShardReport) -> None:
        self.alias = alias
        self.block = block
        self.report = report
        self.header: Header = read_header(bytes(block.header))

    def fault(self, what: str, position: int | None = None) -> None:
        """Notes what is wrong, with the place."""
        at = "" if position is None else f", position {position}"
        self.report.faults.append(f"shard {self.block.shard}, block {self.block.number}{at}: {what}")

    def check_link(self, previous: bytes, epoch: int, number: int) -> None:
        """The header follows the one before it, and the row's columns are the header's."""
        header, block = self.header, self.block
        if header.previous != previous.hex():
            self.fault("the link to the previous header is broken")
        follows = (epoch, number + 1) if header.epoch == epoch else (header.epoch, 1)
        if header.epoch < epoch or (header.epoch, header.first_number) != follows:
            self.fault(f"begins at {header.epoch}-{header.first_number}, after {epoch}-{number}")
        columns = (block.shard, block.number, block.epoch, block.first_number, block.count, bytes(block.header_hash))
        if columns != (
            header.shard,
            header.block,
            header.epoch,
            header.first_number,
            header.count,
            header_hash(bytes(block.header)),
        ):
            self.fault("a column differs from the header")

    def records(self) -> Iterator[Seen]:
        """Every record, after root, count and marks were compared with the header."""
        try:
            positions = unpack_body(bytes(self.block.body))
        except ValueError as fault:
            self.fault(str(fault))
            return
        if len(positions) != self.header.count:
            self.fault(f"holds {len(positions)} records, the header says {self.header.count}")
        if root([leaf_of(kind, content) for kind, content in positions]).hex() != self.header.root:
            self.fault("the records do not have the root of the header")
        marks = self._marks()
        seen = list(self._seen(positions, {mark.position: mark.kind for mark in marks}))
        self._check_entries(seen)
        self.report.blocks += 1
        self.report.records += len(positions)
        yield from seen

    def _marks(self) -> list[MarkRow]:
        rows = MarkedRecord.objects.using(self.alias).filter(shard=self.block.shard, block=self.block.number)
        marks = [
            MarkRow(
                row.position,
                MarkKind(row.kind),
                None
                if row.first_block is None or row.first_position is None
                else Place(str(row.first_sealed_on), row.first_block, row.first_position),
            )
            for row in rows
        ]
        if marks_hash(marks).hex() != self.header.marks:
            self.fault("the marks are not those of the header")
        self.report.marked += len(marks)
        return marks

    def _seen(self, positions: Sequence[tuple[Kind, bytes]], marks: dict[int, MarkKind]) -> Iterator[Seen]:
        for position, (kind, content) in enumerate(positions):
            if kind == Kind.REMOVED:
                continue
            try:
                record = records.read(content)
                identity = identity_of(record.sale["terminal"], record.sale["sequence"])
                issued_on = record.sale["issued_at"][:10]
            except (ValueError, KeyError, TypeError) as fault:
                self.fault(f"the record cannot be read: {fault}", position)
                continue
            expected = (self.header.shard, self.header.epoch, self.header.first_number + position)
            if (record.shard, record.epoch, record.number) != expected:
                self.fault("the record says that it stands elsewhere", position)
            place = Place(str(self.block.sealed_on), self.block.number, position)
            yield Seen(identity, issued_on, place, record.code, records.sale_bytes(content), marks.get(position))

    def _check_entries(self, seen: Sequence[Seen]) -> None:
        """Each unmarked record has exactly the entry it should; a marked one has none of its own."""
        wanted = {(one.identity, one.issued_on): one for one in seen if one.mark is None}
        days = sorted({date.fromisoformat(day) for _, day in wanted})
        rows = (
            Entry.objects.using(self.alias)
            .filter(shard=self.block.shard, issued_on__in=days, identity__in=[identity for identity, _ in wanted])
            .values_list("identity", "issued_on", "sealed_on", "block", "position")
        )
        found = {
            (identity, str(issued_on)): Place(str(sealed_on), block, position)
            for identity, issued_on, sealed_on, block, position in rows
        }
        for key, one in wanted.items():
            if found.get(key) != one.place:
                self.fault(f"the entry is {found.get(key) or 'missing'}", one.place.position)
        self.report.entries += len(wanted)
