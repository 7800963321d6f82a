"""What somebody who owns the database can do: change anything, and recompute whatever can be recomputed.

With the log's stolen key, everything in the database can be made to agree again. What is outside of it cannot: the
signer's own file, what witnesses saw, and the proofs and checkpoints that others kept.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import zstandard
from django.db import connection

from ledger import merkle
from ledger.blocks import NO_HEADER_HASH, Header, header_bytes, header_hash, pack_body, read_header, unpack_body
from ledger.log.checkpoint import TreeHead, read_tree_head
from ledger.log.leaves import LeafKind
from ledger.log.models import Checkpoint, LogEntry, LogHead
from ledger.log.notes import Signer, read_note, written
from ledger.models import Block, Head, block_key
from ledger.verification.contents import Place, read_fields, rows_of, shown
from ledger.verification.rows import NAMES
from tests.tampering import triggers_off

Change = Callable[[list[bytes]], list[bytes]]


def execute(sql: str, *parameters: Any) -> int:
    """One statement with all triggers off; answers how many rows it hit."""
    with triggers_off() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def records_of(shard: int, number: int) -> list[bytes]:
    """A block's records."""
    return [content for _, content in unpack_body(bytes(_block(shard, number).body))]


def write_records(shard: int, number: int, records: Sequence[bytes]) -> None:
    """Replaces a block's body; nothing else."""
    raw = pack_body(records)
    body = zstandard.ZstdCompressor().compress(raw)
    execute("UPDATE ledger_block SET body = %s, raw_bytes = %s WHERE id = %s", body, len(raw), block_key(shard, number))


def write_entries(shard: int, number: int) -> None:
    """Makes the block's entries what its records say."""
    block = _block(shard, number)
    place = Place(shard, number, block.epoch, block.first_number, block.sealed_on)
    records = [read_fields(content) for content in records_of(shard, number)]
    execute("DELETE FROM ledger_entry WHERE shard = %s AND block = %s", shard, number)
    marks = "SELECT position FROM ledger_markedrecord WHERE shard = %s AND block = %s"
    with connection.cursor() as cursor:
        cursor.execute(marks, [shard, number])
        marked = {position for (position,) in cursor.fetchall()}
    for row in rows_of(records, range(len(records)), place).tolist():
        if row[NAMES.index("position")] not in marked:
            columns = [shown(name, value) for name, value in zip(NAMES, row, strict=True)]
            execute(
                f"INSERT INTO ledger_entry ({', '.join(NAMES)}) VALUES ({', '.join(['%s'] * len(NAMES))})", *columns
            )


def reseal(shard: int, first: int, **changes: Any) -> None:
    """Gives a block a header for its present records, all later ones of the shard the right links, and moves the head.

    `changes` are put into the first block's header.
    """
    before = _block(shard, first - 1) if first > 1 else None
    previous = NO_HEADER_HASH if before is None else bytes(before.header_hash)
    for block in Block.objects.filter(shard=shard, number__gte=first).order_by("number"):
        records = records_of(shard, block.number)
        header = msgspec.structs.replace(
            read_header(bytes(block.header)),
            previous=previous.hex(),
            count=len(records),
            root=merkle.root([merkle.leaf_hash(record) for record in records]).hex(),
            **(changes if block.number == first else {}),
        )
        previous = _write_header(block, header)
    _move_head(shard)


def _write_header(block: Block, header: Header) -> bytes:
    raw = header_bytes(header)
    found = header_hash(raw)
    execute(
        "UPDATE ledger_block SET header = %s, header_hash = %s, count = %s, first_number = %s, epoch = %s, "
        "sealed_at = %s WHERE id = %s",
        raw, found, header.count, header.first_number, header.epoch, header.sealed_at, block.id,
    )  # fmt: skip
    return found


def _move_head(shard: int) -> None:
    last = Block.objects.filter(shard=shard).order_by("-number").first()
    if last is None:
        Head.objects.filter(shard=shard).update(
            block=0, number=0, records=0, header_hash=NO_HEADER_HASH, entry_id="", epoch=0
        )
        return
    number = last.first_number + last.count - 1
    Head.objects.filter(shard=shard).update(
        block=last.number,
        number=number,
        epoch=last.epoch,
        header_hash=bytes(last.header_hash),
        entry_id=f"{last.epoch}-{number}",
        records=sum(Block.objects.filter(shard=shard).values_list("count", flat=True)),
    )


def cut(shard: int, first: int) -> None:
    """Removes a shard's blocks from `first` on with their entries and marks, and sets its head back."""
    for table, column in (("entry", "block"), ("markedrecord", "block"), ("correction", "block"), ("block", "number")):
        execute(f"DELETE FROM ledger_{table} WHERE shard = %s AND {column} >= %s", shard, first)
    _move_head(shard)


def relog() -> None:
    """Makes the log out of the blocks as they are: leaves that are no block's stay, blocks that went away go."""
    kept = []
    for entry in LogEntry.objects.order_by("index"):
        leaf = bytes(entry.leaf)
        if entry.kind == LeafKind.BLOCK:
            block = Block.objects.filter(id=block_key(entry.shard or 0, entry.block or 0)).first()
            if block is None:
                continue
            leaf = bytes(block.header)
        kept.append((entry.kind, entry.shard, entry.block, leaf))
    execute("DELETE FROM ledger_logentry")
    execute("DELETE FROM ledger_lognode")
    for index, (kind, shard, number, leaf) in enumerate(kept):
        LogEntry.objects.create(
            index=index, kind=kind, shard=shard, block=number, leaf=leaf, leaf_hash=merkle.leaf_hash(leaf)
        )
    LogHead.objects.update(size=len(kept), root=_root(len(kept)))


def resign(key: Signer | None) -> None:
    """Makes every checkpoint that of the log as it is, signed when the key is at hand; later ones go away."""
    size = LogHead.objects.get().size
    execute("DELETE FROM ledger_checkpoint WHERE size > %s", size)
    for checkpoint in Checkpoint.objects.all():
        note = read_note(checkpoint.note)
        head = TreeHead(read_tree_head(note.text).origin, checkpoint.size, _root(checkpoint.size))
        # Without the key, the old signature is all there is.
        lines = [line.line for line in note.signatures] if key is None else [key.sign(head.text).line]
        execute(
            "UPDATE ledger_checkpoint SET root = %s, note = %s WHERE size = %s",
            head.root, written(head.text, lines), head.size,
        )  # fmt: skip


def newest_checkpoint(key: Signer) -> None:
    """Signs the log as it is, when its newest checkpoint was of another size."""
    size = LogHead.objects.get().size
    text = TreeHead(key.verifier.name, size, _root(size)).text
    execute("DELETE FROM ledger_checkpoint WHERE size = %s", size)
    execute(
        "INSERT INTO ledger_checkpoint (size, root, note, signed_at) VALUES (%s, %s, %s, now())",
        size, _root(size), written(text, [key.sign(text).line]),
    )  # fmt: skip


def _root(size: int) -> bytes:
    return merkle.root(
        [bytes(one) for one in LogEntry.objects.order_by("index").values_list("leaf_hash", flat=True)[:size]]
    )


def _block(shard: int, number: int) -> Block:
    return Block.objects.get(id=block_key(shard, number))


def swap_numbers(shard: int, first: int, second: int) -> None:
    """Exchanges the contents of two blocks, and makes their records say that they stand there."""
    own, other = records_of(shard, first), records_of(shard, second)
    for number, records in ((first, other), (second, own)):
        begin = _block(shard, number).first_number
        renumbered = [
            record.replace(b'"number":%d,' % read_fields(record).number, b'"number":%d,' % (begin + place))
            for place, record in enumerate(records)
        ]
        write_records(shard, number, renumbered)
    execute("DELETE FROM ledger_entry WHERE shard = %s AND block = ANY(%s)", shard, [first, second])
    for number in (first, second):
        write_entries(shard, number)


TABLES = (
    "block", "entry", "markedrecord", "correction", "head", "logentry", "lognode", "loghead", "checkpoint",
    "cosignature",
)  # fmt: skip


def back_up() -> None:
    """Keeps a copy of the whole ledger, as any operator does."""
    for table in TABLES:
        execute(f"CREATE TABLE old_{table} AS SELECT * FROM ledger_{table}")


def restore() -> None:
    """Puts the copy back, whole and consistent in itself."""
    for table in TABLES:
        execute(f"DELETE FROM ledger_{table}")
        execute(f"INSERT INTO ledger_{table} SELECT * FROM old_{table}")
        execute(f"DROP TABLE old_{table}")
