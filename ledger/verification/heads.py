"""Holds the shards' heads against their last blocks, and looks for what lies outside the chains."""

from collections.abc import Mapping, Sequence

from django.db import connections

from ledger.blocks import NO_HEADER_HASH
from ledger.models import BLOCK_BITS, Block, Head, MarkedRecord, block_key
from ledger.shards import ALL_SHARDS, by_database
from ledger.verification.corrections import stray_places
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.header_check import link_of
from ledger.verification.reading import header_of
from ledger.verification.tally import Tally

# More than so many strangers in one table are not listed.
STRANGERS_MAX = 50
BLOCK_MASK = (1 << BLOCK_BITS) - 1


def read_heads(shards: Sequence[int]) -> dict[int, Head]:
    """The heads as they are now."""
    return {
        head.shard: head
        for alias, own in by_database(shards).items()
        for head in Head.objects.using(alias).filter(shard__in=own)
    }


def check_head(head: Head, logged: int) -> Tally:
    """The head is where its last block ends, and not behind the log."""
    tally = Tally()

    def note(text: str) -> None:
        tally.note(Fault(FaultKind.HEAD_CHANGED, text, head.shard, head.block or None))

    if logged > head.block:
        note(f"the log has blocks up to {logged}, the head is at {head.block}: the shard's end was cut off")
    if head.block == 0:
        if (head.number, head.records, bytes(head.header_hash)) != (0, 0, NO_HEADER_HASH):
            note("the head counts records, but names no block")
        return tally
    header = header_of(head.shard, head.block)
    link = None if header is None else link_of(header)
    if link is None:
        note("the head's block is missing or cannot be read")
        return tally
    columns = {
        "header_hash": (bytes(head.header_hash).hex(), link.hash.hex()),
        "epoch": (head.epoch, link.epoch),
        "number": (head.number, link.number),
        "entry_id": (head.entry_id, f"{link.epoch}-{link.number}"),
    }
    for name, (has, wanted) in columns.items():
        if has != wanted:
            note(f"{name} is {has}, the last block says {wanted}")
    return tally


def check_count(head: Head, records: int) -> Tally:
    """The head counts as many records as its blocks hold."""
    tally = Tally()
    if head.records != records:
        text = f"the head counts {head.records} records, the blocks hold {records}"
        tally.note(Fault(FaultKind.HEAD_CHANGED, text, head.shard))
    return tally


def check_outside(shards: Sequence[int]) -> Tally:
    """Blocks, marks and corrections that no chain leads to: behind the heads, or of shards that do not exist."""
    tally = Tally()
    for alias, own in by_database(shards).items():
        blocks = [number for shard in own for number in _outside(alias, shard)]
        if len(own) == len(ALL_SHARDS):
            blocks += Block.objects.using(alias).filter(id__lte=0).values_list("id", flat=True)[:STRANGERS_MAX]
            beyond = Block.objects.using(alias).filter(id__gte=block_key(len(ALL_SHARDS), 1))
            blocks += beyond.values_list("id", flat=True)[:STRANGERS_MAX]
        marks = list(_stray_marks(alias, own))
        ends = read_heads(own)
        for key in blocks:
            shard, number = key >> BLOCK_BITS, key & BLOCK_MASK
            if shard not in ends or not 1 <= number <= ends[shard].block:
                tally.note(Fault(FaultKind.BLOCK_UNKNOWN, "no chain leads to this block", shard, number))
        for shard, number, position in marks:
            if shard not in ends or number > ends[shard].block:
                text = "a mark names a block that no chain leads to"
                tally.note(Fault(FaultKind.MARKS_CHANGED, text, shard, number, position))
        for place in stray_places(alias, None if len(own) == len(ALL_SHARDS) else own, STRANGERS_MAX):
            tally.note(Fault(FaultKind.CORRECTION_UNKNOWN, "names a block that no chain leads to", *place))
    return tally


def _outside(alias: str, shard: int) -> list[int]:
    """Keys of blocks behind the head as it is now; a flush may meanwhile have moved it, so the head is read again."""
    head = Head.objects.using(alias).filter(shard=shard).values_list("block", flat=True).first() or 0
    beyond = Block.objects.using(alias).filter(id__gt=block_key(shard, head), id__lte=block_key(shard + 1, 0))
    return list(beyond.order_by("id").values_list("id", flat=True)[:STRANGERS_MAX])


def _stray_marks(alias: str, shards: Sequence[int]) -> list[tuple[int, int, int]]:
    rows: list[tuple[int, int, int]] = []
    for shard, head in read_heads(shards).items():
        marks = MarkedRecord.objects.using(alias).filter(shard=shard, block__gt=head.block)
        rows += marks.values_list("shard", "block", "position")[:STRANGERS_MAX]
    return rows


def find_twice(alias: str, shard: int) -> Tally:
    """Identities with more than one entry: the primary key prevents it on one day, nothing in the database on two."""
    tally = Tally()
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT identity, array_agg(issued_on::text ORDER BY block, position), (array_agg(block ORDER BY block, "
            "position))[2], (array_agg(position ORDER BY block, position))[2] FROM ledger_entry "
            "WHERE shard = %s GROUP BY identity HAVING count(*) > 1",
            [shard],
        )
        for identity, days, block, position in cursor.fetchall():
            text = f"terminal {identity >> 29}, sequence {identity & (1 << 29) - 1} has entries on {' and '.join(days)}"
            tally.note(Fault(FaultKind.IDENTITY_TWICE, text, shard, block, position))
    return tally


def missing_heads(heads: Mapping[int, Head], shards: Sequence[int]) -> Tally:
    """Shards without a head."""
    tally = Tally()
    for shard in shards:
        if shard not in heads:
            tally.note(Fault(FaultKind.HEAD_CHANGED, "the shard has no head", shard))
    return tally
