"""Checks a block's header: against the log's leaf, the row's columns, and the block before it. No I/O."""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from ledger.blocks import NO_HEADER_HASH, Header, header_hash, read_header
from ledger.merkle import HASH_BYTES
from ledger.models import block_key
from ledger.verification.faults import FaultKind, Note
from ledger.verification.reading import StoredBlock

# A server's clock may be set back by so much between two blocks; more is a block that was put in later.
CLOCK_STEP_MAX_S = 120


class Link(NamedTuple):
    """What the next block must continue."""

    hash: bytes
    epoch: int
    number: int
    sealed_at: str


FIRST_LINK = Link(NO_HEADER_HASH, 0, 0, "")


def link_of(header: bytes) -> Link | None:
    """What the block behind this header must continue; None when the header cannot be read."""
    try:
        read = read_header(header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Link(header_hash(header), read.epoch, read.first_number + read.count - 1, read.sealed_at)


def check_link(header: Header, before: Link, note: Note) -> None:
    """The block continues the one before it: its hash, its numbers, its time."""
    if header.previous != before.hash.hex():
        note(FaultKind.LINK_BROKEN, "the link to the previous header is broken", None)
    follows = (before.epoch, before.number + 1) if header.epoch == before.epoch else (header.epoch, 1)
    if header.epoch < before.epoch or (header.epoch, header.first_number) != follows:
        text = f"begins at {header.epoch}-{header.first_number}, after {before.epoch}-{before.number}"
        note(FaultKind.NUMBERS_BROKEN, text, None)
    if before.sealed_at and _seconds(before.sealed_at) - _seconds(header.sealed_at) > CLOCK_STEP_MAX_S:
        text = f"sealed at {header.sealed_at}, before the block that it follows ({before.sealed_at})"
        note(FaultKind.NUMBERS_BROKEN, text, None)


def _seconds(moment: str) -> float:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0


def check_header(block: StoredBlock, leaf: bytes | None, note: Note) -> Header | None:
    """The header's fields, held against the log's leaf and the row's columns; None when it cannot be read."""
    if leaf is not None and leaf != block.header:
        note(FaultKind.HEADER_CHANGED, f"the header is not the log's leaf: {_difference(block.header, leaf)}", None)
    try:
        header = read_header(block.header)
        sealed_at = datetime.fromisoformat(header.sealed_at).astimezone(UTC)
    except (ValueError, UnicodeDecodeError) as fault:
        note(FaultKind.HEADER_CHANGED, f"the header cannot be read: {fault}", None)
        return None
    columns = {
        "id": (block.id, block_key(header.shard, header.block)),
        "shard": (block.shard, header.shard),
        "number": (block.number, header.block),
        "epoch": (block.epoch, header.epoch),
        "first_number": (block.first_number, header.first_number),
        "count": (block.count, header.count),
        "sealed_at": (block.sealed_at, sealed_at),
        "sealed_on": (block.sealed_on, sealed_at.date()),
        "header_hash": (block.header_hash.hex(), header_hash(block.header).hex()),
    }
    for name, (found, wanted) in columns.items():
        if found != wanted:
            note(FaultKind.COLUMN_CHANGED, f"{name} is {found}, the header says {wanted}", None)
    return header


def _difference(header: bytes, leaf: bytes) -> str:
    """Which fields differ, for people."""
    try:
        own, logged = read_header(header), read_header(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it cannot be read"
    differing = [
        f"{name} is {_short(getattr(own, name))}, the log says {_short(getattr(logged, name))}"
        for name in Header.__struct_fields__
        if getattr(own, name) != getattr(logged, name)
    ]
    return "; ".join(differing) or "it is written in another way"


def _short(value: object) -> str:
    """A hash by its beginning, anything else as it is."""
    text = str(value)
    return f"{text[:16]}…" if len(text) == 2 * HASH_BYTES else text
