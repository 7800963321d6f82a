"""What the log's leaves say: a block's header, or one line of JSON for whatever else must never be hidden. Pure."""

from enum import IntEnum
from typing import Annotated

import msgspec

from ledger.merkle import HASH_BYTES

FORMAT_VERSION = 1
# An operator's reason, kept for ever.
REASON_CHARACTERS_MAX = 500

# A statement carries hashes, counts and dates in a sentence; plain text keeps it readable with any tool, for ever.
SERVICE_CHARACTERS_MAX = 40
SUBJECT_CHARACTERS_MAX = 100
STATEMENT_CHARACTERS_MAX = 2000
# Both are read by PostgreSQL, too, in which no repetition goes beyond 255; `$` would let a newline pass in Python.
SLUG_PATTERN = r"\A[a-z][a-z0-9-]*\Z"
LINE_PATTERN = r"\A[ -~]+\Z"

Service = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=SERVICE_CHARACTERS_MAX)]
Subject = Annotated[str, msgspec.Meta(pattern=LINE_PATTERN, max_length=SUBJECT_CHARACTERS_MAX)]
Statement = Annotated[str, msgspec.Meta(pattern=LINE_PATTERN, max_length=STATEMENT_CHARACTERS_MAX)]

Sha256Hex = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * HASH_BYTES}}}$")]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_CHARACTERS_MAX)]


class LeafKind(IntEnum):
    """What a leaf is."""

    BLOCK = 0
    KEY = 1
    REMOVAL = 2
    ARCHIVE = 3
    RESTORE = 4
    NOTICE = 5


class KeyLeaf(msgspec.Struct, frozen=True, tag_field="kind", tag="key"):
    """From here on this key signs the checkpoints; `replaces` is null for the log's first key. Times: RFC 3339, UTC."""

    v: int
    vkey: str
    replaces: str | None
    at: str


class RemovalLeaf(msgspec.Struct, frozen=True, tag_field="kind", tag="removal"):
    """One record was removed because the law demands it; its leaf hash stays in the block."""

    v: int
    shard: int
    block: int
    position: int
    leaf: Sha256Hex
    reason: Reason
    at: str


class ArchiveLeaf(msgspec.Struct, frozen=True, tag_field="kind", tag="archive"):
    """The blocks sealed on a day were moved to files; all of them are in the log."""

    v: int
    day: str
    blocks: int
    records: int
    at: str


class RestoreLeaf(msgspec.Struct, frozen=True, tag_field="kind", tag="restore"):
    """The blocks sealed on a day were brought back from files."""

    v: int
    day: str
    blocks: int
    records: int
    at: str


class NoticeLeaf(msgspec.Struct, frozen=True, tag_field="kind", tag="notice"):
    """A service's statement (see `ledger.notices`): printable ASCII on one line, no personal data."""

    v: int
    service: Service
    subject: Subject
    statement: Statement
    at: str


Leaf = KeyLeaf | RemovalLeaf | ArchiveLeaf | RestoreLeaf | NoticeLeaf
KINDS = {
    KeyLeaf: LeafKind.KEY,
    RemovalLeaf: LeafKind.REMOVAL,
    ArchiveLeaf: LeafKind.ARCHIVE,
    RestoreLeaf: LeafKind.RESTORE,
    NoticeLeaf: LeafKind.NOTICE,
}


def leaf_bytes(leaf: Leaf) -> bytes:
    """The leaf as it is kept: one line of JSON."""
    return msgspec.json.encode(leaf)


def read_leaf(raw: bytes) -> Leaf:
    """A leaf that is no block's header. Raises msgspec.ValidationError."""
    leaf: Leaf = msgspec.json.decode(raw, type=Leaf)
    return leaf
