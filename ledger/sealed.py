"""A sealed block, wherever it lies: its header and what stands at each position."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.archive.packs import find_archived
from ledger.blocks import Kind, Place, leaf_of, read_header, unpack_body
from ledger.merkle import root
from ledger.models import Block, block_key
from ledger.shards import database_for

logger = logging.getLogger(__name__)

# Whoever damages more blocks than this is noticed all the same.
ALARMED_MAX = 1000
_alarmed: set[str] = set()
# So long a block that was read is good for the next question.
LATELY_S = 1.0


class BlockDamagedError(RuntimeError):
    """What is stored is not what was sealed, so nothing that it says may be believed; the message names the block."""


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

    Nothing is handed out that does not give the header's Merkle root: raises BlockDamagedError, with an ALARM, and
    ArchiveAwayError.
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
    try:
        sealed = SealedBlock(bytes(header), unpack_body(bytes(body)))
        if root(sealed.leaves).hex() != read_header(sealed.header).root:
            raise ValueError("the records do not have the root of the header")
    except ValueError as fault:
        raise damaged(shard, place.block, str(fault)) from fault
    return sealed


class _Lately(threading.local):
    """The block that this thread read last, and when."""

    shard = -1
    place = ("", 0)
    read_s = -LATELY_S
    block: SealedBlock | None = None


_lately = _Lately()


def lately_sealed_block(shard: int, place: Place) -> SealedBlock | None:
    """As `sealed_block`; the same block again within a second is not read and proven again.

    For whoever asks for one record after the other, and whom a removal of a second ago does not mislead.
    """
    key = (place.sealed_on, place.block)
    now_s = time.monotonic()
    if (_lately.shard, _lately.place) != (shard, key) or now_s - _lately.read_s > LATELY_S:
        _lately.block = None
        block = sealed_block(shard, place)
        _lately.shard, _lately.place, _lately.read_s, _lately.block = shard, key, now_s, block
    return _lately.block


def damaged(shard: int, block: int, what: str) -> BlockDamagedError:
    """The error to raise for a block; an ALARM says it once to whoever is on duty, however many ask for it."""
    fault = BlockDamagedError(f"shard {shard}, block {block}: {what}")
    if str(fault) not in _alarmed and len(_alarmed) < ALARMED_MAX:
        _alarmed.add(str(fault))
        logger.error("ALARM what is stored is not what was sealed: %s; see manage.py verify_ledger", fault)
    return fault
