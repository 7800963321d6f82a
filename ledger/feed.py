"""The feed: the ledger's blocks as services read them, every sealed sale once and in the order of its shard.

    fed        records with an entry, decoded once for all consumers of a process
    not fed    duplicates and conflicts (sealed at their positions, without an entry), and records that the law had
               removed: of these only the leaf hash is left, so a service that is rebuilt later does not count them

Nothing is handed out that does not give the Merkle root of its block's header.
"""

from collections import defaultdict
from functools import cached_property

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from ledger.blocks import Kind, leaf_of, read_header, unpack_body
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

    def __init__(self, stored: StoredBlock, marked: frozenset[int]) -> None:
        self.stored = stored
        self.shard, self.number, self.sealed_at = stored.shard, stored.number, stored.sealed_at
        self.marked = marked
        self._positions = _proven(stored)

    @cached_property
    def sales(self) -> list[FedSale]:
        """The sales that count, in order. Raises BlockDamagedError when a record is none."""
        found = []
        for position, (kind, content) in enumerate(self._positions):
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


def blocks_after(shard: int, number: int, last: int) -> list[FedBlock]:
    """The blocks behind `number`, at most up to `last` and BLOCKS_MAX of them, in order and without a gap.

    Raises DatabaseError, also when an archived day's file is away, and BlockDamagedError.
    """
    until = min(last, number + BLOCKS_MAX)
    if until <= number:
        return []
    marks = _marks(shard, number + 1, until)
    found = [FedBlock(stored, frozenset(marks[stored.number])) for stored in read_blocks(shard, number + 1, until)]
    for expected, block in enumerate(found, number + 1):
        if block.number != expected:
            raise damaged(shard, expected, "is missing")
    if len(found) < until - number:
        raise damaged(shard, number + 1 + len(found), "is missing although the head is behind it")
    return found


def _marks(shard: int, first: int, last: int) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    rows = MarkedRecord.objects.using(database_for(shard)).filter(shard=shard, block__range=(first, last))
    for block, position in rows.values_list("block", "position"):
        found[block].add(position)
    return found


def _proven(stored: StoredBlock) -> list[tuple[Kind, bytes]]:
    """What stands at each position, once it gives the header's root. Raises BlockDamagedError."""
    try:
        positions = unpack_body(stored.body)
        header = read_header(stored.header)
        if (header.shard, header.block) != (stored.shard, stored.number):
            raise ValueError(f"the header says shard {header.shard}, block {header.block}")
        if root([leaf_of(kind, content) for kind, content in positions]).hex() != header.root:
            raise ValueError("the records do not have the root of the header")
    except ValueError as fault:
        raise damaged(stored.shard, stored.number, str(fault)) from fault
    return positions
