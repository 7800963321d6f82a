"""A block: consecutive records of one shard, sealed by a Merkle root and a link to the block before it. Pure.

Body: zstd of, for each position, a kind byte, a uvarint length and that many bytes. Header: one line of ASCII JSON with
a fixed order of keys, kept verbatim; its hash is that of a leaf of the log of blocks (RFC 6962).
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

import msgspec
import zstandard

from ledger.merkle import leaf_hash, root

FORMAT_VERSION = 1
RECORDS_MAX = 4096
# Of what lies in the stream; the envelopes add less than a megabyte.
RAW_BYTES_MAX = 16 * 1024 * 1024
# With the envelopes, and with room.
UNPACKED_BYTES_MAX = 2 * RAW_BYTES_MAX
# Of a length, seven at a time: a damaged body could make it grow without end, each step slower than the one before.
LENGTH_BITS_MAX = UNPACKED_BYTES_MAX.bit_length()
# Level 3 packs till receipts as well as level 6 does at half its time (docs/performance.md).
ZSTD_LEVEL = 3
# The link of a shard's first block.
NO_HEADER_HASH = bytes(32)

_local = threading.local()


class Kind(IntEnum):
    """What stands at a position: a record, or only its leaf hash because the law made us delete the rest."""

    RECORD = 0
    REMOVED = 1


# Looked up for every position: calling the enumeration takes as long as cutting the record out.
_KINDS = tuple(Kind)


class MarkKind(IntEnum):
    """Why a record has no entry: the same sale again, or another sale under a known identity."""

    DUPLICATE = 1
    CONFLICT = 2


class Place(NamedTuple):
    """Where a record is."""

    sealed_on: str
    block: int
    position: int


class MarkRow(NamedTuple):
    """A marked position and the place of the identity's first entry; None when there is none."""

    position: int
    kind: MarkKind
    first: Place | None


class Header(msgspec.Struct, frozen=True):
    """The header's fields in the order in which they are written; hashes in hexadecimal."""

    v: int
    shard: int
    block: int
    epoch: int
    first_number: int
    count: int
    root: str
    marks: str
    previous: str
    sealed_at: str


def header_bytes(header: Header) -> bytes:
    """The header as it is kept: one line of ASCII JSON."""
    return msgspec.json.encode(header)


def read_header(raw: bytes) -> Header:
    """The fields of a kept header. Raises msgspec.ValidationError."""
    return msgspec.json.decode(raw, type=Header)


def header_hash(raw: bytes) -> bytes:
    """SHA-256(0x00 | header): the block's name in the next block and its leaf in the log."""
    return leaf_hash(raw)


def marks_hash(marks: Sequence[MarkRow]) -> bytes:
    """SHA-256 of the marks as JSON, `[[position,"duplicate",["2026-11-23",7,0]],...]`, ordered by position."""
    rows = [[mark.position, mark.kind.name.lower(), mark.first] for mark in sorted(marks)]
    return sha256(msgspec.json.encode(rows)).digest()


class Sealed(NamedTuple):
    """A block ready to be written."""

    header: bytes
    hash: bytes
    body: bytes
    raw_bytes: int


def seal(  # noqa: PLR0913 - a block's own fields
    records: Sequence[bytes],
    *,
    shard: int,
    block: int,
    epoch: int,
    first_number: int,
    previous: bytes,
    marks: Sequence[MarkRow],
    sealed_at: str,
) -> Sealed:
    """Seals records (bytes, in order) into a block. Raises ValueError past a block's limits."""
    if not 1 <= len(records) <= RECORDS_MAX:
        raise ValueError(f"a block holds from 1 to {RECORDS_MAX} records, not {len(records)}")
    raw = pack_body(records)
    header = header_bytes(
        Header(
            v=FORMAT_VERSION,
            shard=shard,
            block=block,
            epoch=epoch,
            first_number=first_number,
            count=len(records),
            root=root([leaf_hash(record) for record in records]).hex(),
            marks=marks_hash(marks).hex(),
            previous=previous.hex(),
            sealed_at=sealed_at,
        )
    )
    return Sealed(header, header_hash(header), _compressor().compress(raw), len(raw))


def pack_body(records: Iterable[bytes]) -> bytes:
    """The body before compression."""
    parts: list[bytes] = []
    for record in records:
        parts.append(_prefix(len(record)))
        parts.append(record)
    return b"".join(parts)


def unpack_body(body: bytes) -> list[tuple[Kind, bytes]]:
    """What stands at each position. Raises ValueError when the body is damaged."""
    return list(each_position(unpacked(body)))


def unpacked(body: bytes) -> bytes:
    """The body before compression. Raises ValueError when it is damaged."""
    try:
        # What the body says of its own size is believed by the library, whatever the bound.
        if zstandard.frame_content_size(body) > UNPACKED_BYTES_MAX:
            raise ValueError("the body says that it is larger than a block can be")
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=UNPACKED_BYTES_MAX)
    except zstandard.ZstdError as fault:
        raise ValueError(f"the body cannot be unpacked: {fault}") from fault


def each_position(raw: bytes) -> Iterator[tuple[Kind, bytes]]:
    """What stands at each position of an unpacked body, one after the other: whoever is done with a record before the
    next keeps the processor's caches warm. Raises ValueError where the body is damaged.
    """
    at, end = 0, len(raw)
    while at < end:
        kind = _KINDS[raw[at]] if raw[at] < len(_KINDS) else Kind(raw[at])
        at += 1
        # Nearly every receipt's length takes two bytes.
        if at + 2 <= end and raw[at] > 0x7F > raw[at + 1]:
            length = (raw[at] & 0x7F) | raw[at + 1] << 7
            at += 2
        else:
            length, at = _uvarint(raw, at)
        if at + length > end:
            raise ValueError("the body ends inside a record")
        yield kind, raw[at : at + length]
        at += length


def leaf_of(kind: Kind, content: bytes) -> bytes:
    """A position's leaf hash."""
    return content if kind == Kind.REMOVED else leaf_hash(content)


class Repacked(NamedTuple):
    """A block's body, made anew."""

    body: bytes
    raw_bytes: int


def repack(positions: Iterable[tuple[Kind, bytes]]) -> Repacked:
    """The body of a block some of whose records are removed: for these, content is the leaf hash."""
    raw = b"".join([_prefix(len(content), kind) + content for kind, content in positions])
    return Repacked(_compressor().compress(raw), len(raw))


# Lengths of receipts repeat, so their prefixes are made once; a block's limit bounds the table.
_prefixes: dict[int, bytes] = {}


def _prefix(length: int, kind: Kind = Kind.RECORD) -> bytes:
    known = _prefixes.get(length) if kind == Kind.RECORD else None
    if known is None:
        out = bytearray([kind])
        rest = length
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
        known = bytes(out)
        if kind == Kind.RECORD:
            _prefixes[length] = known
    return known


def _uvarint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw):
            raise ValueError("the body ends inside a length")
        byte = raw[at]
        if shift > LENGTH_BITS_MAX:
            raise ValueError("a length is longer than a block")
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _compressor() -> zstandard.ZstdCompressor:
    """This thread's compressor: a context is not thread-safe, and making one costs more than a block."""
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    compressor: zstandard.ZstdCompressor = _local.compressor
    return compressor
