"""A sealed block, wherever it lies: its header and what stands at each position."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.archive.packs import find_archived
from ledger.blocks import Kind, Place, leaf_of, unpack_body
from ledger.models import Block, block_key
from ledger.shards import database_for


@dataclass(frozen=True)
class SealedBlock:
    """A block's kept bytes, its body unpacked."""

    header: bytes
    positions: list[tuple[Kind, bytes]]

    @cached_property
    def leaves(self) -> list[bytes]:
        """The leaf hash of each position."""
        return [leaf_of(kind, content) for kind, content in self.positions]

    def record(self, position: int) -> bytes | None:
        """The record's bytes; None when it was removed or there is no such position."""
        if position >= len(self.positions):
            return None
        kind, content = self.positions[position]
        return content if kind == Kind.RECORD else None

    def removed(self, position: int) -> bytes | None:
        """The leaf hash of a record that was removed; None when it was not, or there is no such position."""
        if position >= len(self.positions):
            return None
        kind, content = self.positions[position]
        return content if kind == Kind.REMOVED else None


def sealed_block(shard: int, place: Place) -> SealedBlock | None:
    """The block of a place: one query, and the archive's file when PostgreSQL has it no more. None when there is none.

    Raises ValueError when its body is damaged, and ArchiveAwayError.
    """
    found = (
        Block.objects.using(database_for(shard))
        .filter(id=block_key(shard, place.block), sealed_on=place.sealed_on)
        .values_list("header", "body")
        .first()
    )
    if found is None:
        archived = find_archived(date.fromisoformat(place.sealed_on), shard, place.block)
        if archived is None:
            return None
        found = archived.header, archived.body
    header, body = found
    return SealedBlock(bytes(header), unpack_body(bytes(body)))
