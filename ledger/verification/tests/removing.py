"""Removes one record as the law's command does to the body, with or without a word in the log."""

import zstandard

from ledger.blocks import Kind, leaf_of, unpack_body
from ledger.log.appending import append, new_leaf
from ledger.log.leaves import FORMAT_VERSION, RemovalLeaf
from ledger.models import Block, block_key
from tests.tampering import triggers_off


def remove(shard: int, number: int, position: int, *, logged: bool = False) -> None:
    """Replaces a record by its leaf hash."""
    block = Block.objects.get(id=block_key(shard, number))
    contents = unpack_body(bytes(block.body))
    leaf = leaf_of(*contents[position])
    contents[position] = (Kind.REMOVED, leaf)
    raw = b"".join(bytes([kind]) + _length(len(content)) + content for kind, content in contents)
    with triggers_off() as cursor:
        cursor.execute(
            "UPDATE ledger_block SET body = %s WHERE id = %s", [zstandard.ZstdCompressor().compress(raw), block.id]
        )
    if logged:
        append(
            [
                new_leaf(
                    RemovalLeaf(
                        FORMAT_VERSION, shard, number, position, leaf.hex(), "a court", "2026-01-01T00:00:00.000Z"
                    )
                )
            ]
        )


def _length(length: int) -> bytes:
    out = bytearray()
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)
