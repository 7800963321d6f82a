"""Blocks of the feed as lines of JSON, for services outside: everything that is needed to check them. Pure.

    {"block":7,"shard":3,"count":2,"sealed_at":"..","header":"{..}","marks":[[1,"conflict",["2026-11-23",6,0]]]}
    {"record":"{..}"}           one line a position, in order: the record's bytes as text
    {"removed":"<leaf hash>"}   ... or what is left of a record that the law had removed
    {"next":7,"head":9}         the last line: what to ask with next, and the shard's last block

A record stands in a string of its own because its bytes are the till's, blanks and line ends included.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.json import Encoder

from ledger.blocks import Kind, MarkRow, read_header
from ledger.feed import FedBlock
from ledger.sealed import damaged


class BlockLine(Struct):
    """Begins a block; `header` is its bytes as text, `marks` are what its `marks` is the hash of."""

    block: int
    shard: int
    count: int
    sealed_at: str
    header: str
    marks: Sequence[tuple[int, str, tuple[str, int, int] | None]]


class RecordLine(Struct):
    """A position with its record."""

    record: str


class RemovedLine(Struct):
    """A position whose record was removed; its leaf hash in hexadecimal."""

    removed: str


class EndLine(Struct):
    """Ends every answer: one without it was cut off."""

    next: int
    head: int


_encoder = Encoder()


def encode(blocks: Iterable[FedBlock], end: EndLine) -> bytes:
    """The lines of an answer. Raises BlockDamagedError for a record that is no text."""
    return _encoder.encode_lines([line for block in blocks for line in _block(block)] + [end])


def _block(block: FedBlock) -> Iterator[Struct]:
    header = block.stored.header.decode()
    yield BlockLine(
        block=block.number,
        shard=block.shard,
        count=len(block.positions),
        sealed_at=read_header(block.stored.header).sealed_at,
        header=header,
        marks=[_mark(mark) for mark in block.marks],
    )
    for position, (kind, content) in enumerate(block.positions):
        if kind == Kind.REMOVED:
            yield RemovedLine(content.hex())
            continue
        try:
            yield RecordLine(content.decode())
        except UnicodeDecodeError as fault:
            raise damaged(block.shard, block.number, f"position {position} is no record: {fault}") from fault


def _mark(mark: MarkRow) -> tuple[int, str, tuple[str, int, int] | None]:
    return mark.position, mark.kind.name.lower(), mark.first
