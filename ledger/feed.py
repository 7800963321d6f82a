"""The feed: the ledger's blocks as services read them, every sealed sale once and in the order of its shard.

    fed        records with an entry, decoded once for all consumers of a process
    not fed    duplicates and conflicts (sealed at their positions, without an entry), and records that the law had
               removed: of these only the leaf hash is left, so a service that is rebuilt later does not count them

Nothing is handed out that does not give the Merkle root of its block's header, and the hash of its marks.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cached_property

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from ledger.blocks import Kind, MarkKind, MarkRow, leaf_of, marks_hash, read_header, unpack_body
from ledger.merkle import root
from ledger.models import MarkedRecord
from ledger.sealed import damaged
from ledger.shards import database_for
from ledger.verification.reading import StoredBlock, read_blocks
from transactions.sale import Sale

# Blocks read at once; at most some tens of megabytes of records lie in memory together.
BLOCKS_MAX = 16


class FedSale(Struct, gc=False):
    """One record: what the server said of the sale, and the sale as the till sent it."""

    epoch: int
    number: int
    received_at: str
    code: str
    retailer: int
    store: int
    sale: Sale
    position: int = -1


class FedBlock:
    """One sealed block: `shard`, `number`, `sealed_at`, and its `sales` in order."""

    def __init__(self, stored: StoredBlock, marks: Collection[MarkRow] = ()) -> None:
        self.stored = stored
        self.shard, self.number, self.sealed_at = stored.shard, stored.number, stored.sealed_at
        self.marks = sorted(marks)
        self.marked = frozenset(mark.position for mark in marks)
        # What stands at each position, records that are not fed included.
        self.positions = _proven(stored, self.marks)

    @cached_property
    def sales(self) -> list[FedSale]:
        """The sales that count, in order. Raises BlockDamagedError when a record is none."""
        found = []
        for position, (kind, content) in enumerate(self.positions):
            if kind == Kind.REMOVED or position in self.marked:
                continue
            try:
                one = _decoder.decode(content)
            except (DecodeError, UnicodeDecodeError) as fault:
                raise damaged(self.shard, self.number, f"position {position} is no record: {fault}") from fault
            one.position = position
            found.append(one)
        return found


_decoder = Decoder(FedSale)


def blocks_after(shard: int, number: int, last: int, *, raw_bytes_max: int | None = None) -> list[FedBlock]:
    """The blocks behind `number`, at most up to `last` and BLOCKS_MAX of them, in order and without a gap.

    Past `raw_bytes_max` of records the list ends, but there is always one block. Raises DatabaseError, also when an
    archived day's file is away, and BlockDamagedError.
    """
    until = min(last, number + BLOCKS_MAX)
    if until <= number:
        return []
    found = read_blocks(shard, number + 1, until)
    for expected, block in enumerate(found, number + 1):
        if block.number != expected:
            raise damaged(shard, expected, "is missing")
    if len(found) < until - number:
        raise damaged(shard, number + 1 + len(found), "is missing although the head is behind it")
    if raw_bytes_max is not None:
        found = _within(found, raw_bytes_max)
    marks = _marks(shard, number + 1, until)
    return [FedBlock(stored, marks[stored.number]) for stored in found]


def _within(blocks: list[StoredBlock], raw_bytes_max: int) -> list[StoredBlock]:
    total = 0
    for place, block in enumerate(blocks):
        total += block.raw_bytes
        if place and total > raw_bytes_max:
            return blocks[:place]
    return blocks


def _marks(shard: int, first: int, last: int) -> dict[int, list[MarkRow]]:
    found: dict[int, list[MarkRow]] = defaultdict(list)
    rows = MarkedRecord.objects.using(database_for(shard)).filter(shard=shard, block__range=(first, last))
    # A kind that does not exist is left out: then the marks have not the header's hash.
    for row in rows.filter(kind__in=list(MarkKind)).order_by():
        found[row.block].append(row.as_sealed)
    return found


def _proven(stored: StoredBlock, marks: Sequence[MarkRow]) -> list[tuple[Kind, bytes]]:
    """What stands at each position, once it gives the header's root. Raises BlockDamagedError."""
    try:
        positions = unpack_body(stored.body)
        header = read_header(stored.header)
        if (header.shard, header.block) != (stored.shard, stored.number):
            raise ValueError(f"the header says shard {header.shard}, block {header.block}")
        if root([leaf_of(kind, content) for kind, content in positions]).hex() != header.root:
            raise ValueError("the records do not have the root of the header")
        if marks_hash(marks).hex() != header.marks:
            raise ValueError("the marked records are not those of the header")
    except ValueError as fault:
        raise damaged(stored.shard, stored.number, str(fault)) from fault
    return positions
