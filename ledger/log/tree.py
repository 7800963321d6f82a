"""Roots and proofs of the log, out of its tables: each reads the few hashes that it needs in one query.

Leaf hashes are in the log's entries, the hashes of every 256, 65,536, ... leaves in its nodes; the rest is computed.
"""

from collections.abc import Callable
from typing import NamedTuple

from django.db import connections

from ledger import merkle
from ledger.log.models import node_key
from ledger.log.tiles import HEIGHT
from ledger.shards import LOG_DATABASE


class LogDamagedError(RuntimeError):
    """The log's tables are not what the checkpointer wrote; the message names the place."""


class Span(NamedTuple):
    """Neighbouring hashes of one level, the end excluded; level 0 are the leaves."""

    level: int
    first: int
    end: int


def root_at(size: int) -> bytes:
    """The root of the log's first `size` leaves. Raises LogDamagedError when some are missing."""
    if not size:
        return merkle.EMPTY_ROOT
    return _computed(lambda mth: [mth(0, size)])[0]


def subtree(start: int, end: int) -> bytes:
    """The Merkle tree hash of the leaves from `start` on, `end` excluded. Raises LogDamagedError."""
    return _computed(lambda mth: [mth(start, end)])[0]


def inclusion(index: int, size: int) -> list[bytes]:
    """The audit path of a leaf in the tree of the first `size` leaves. Raises LogDamagedError, ValueError."""
    return _computed(lambda mth: merkle.inclusion_path(mth, index, size))


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the first `new` leaves begin with the first `old`. Raises LogDamagedError, ValueError."""
    return _computed(lambda mth: merkle.consistency_path(mth, old, new))


def _computed(ask: Callable[[merkle.Mth], list[bytes]]) -> list[bytes]:
    """Asks twice: first only to learn which hashes are needed, then with these at hand."""
    spans: set[Span] = set()

    def note(start: int, end: int) -> bytes:
        spans.update(_spans(start, end))
        return b""

    ask(note)
    hashes = read_hashes(spans)
    return ask(lambda start, end: _mth(hashes, start, end))


def _spans(start: int, end: int) -> list[Span]:
    """The stored hashes that make up a subtree: one span for each of its complete parts."""
    width = end - start
    if width & (width - 1):
        middle = start + merkle.split(width)
        return [*_spans(start, middle), *_spans(middle, end)]
    level = (width.bit_length() - 1) // HEIGHT
    return [Span(level, start >> HEIGHT * level, end >> HEIGHT * level)]


def _mth(hashes: dict[tuple[int, int], bytes], start: int, end: int) -> bytes:
    width = end - start
    if width & (width - 1):
        middle = start + merkle.split(width)
        return merkle.node_hash(_mth(hashes, start, middle), _mth(hashes, middle, end))
    (span,) = _spans(start, end)
    return merkle.root([hashes[span.level, index] for index in range(span.first, span.end)])


def read_hashes(spans: set[Span]) -> dict[tuple[int, int], bytes]:
    """The hashes of these spans by (level, index), in one query. Raises LogDamagedError when one is missing."""
    if not spans:
        return {}
    parts, values = [], []
    for span in sorted(spans):
        if span.level:
            parts.append("SELECT level::int, index, hash FROM ledger_lognode WHERE id >= %s AND id < %s")
            values += [node_key(span.level, span.first), node_key(span.level, span.end)]
        else:
            parts.append("SELECT 0, index, leaf_hash FROM ledger_logentry WHERE index >= %s AND index < %s")
            values += [span.first, span.end]
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found = {(level, index): bytes(found) for level, index, found in cursor.fetchall()}
    for span in spans:
        for index in range(span.first, span.end):
            if (span.level, index) not in found:
                what = f"node {index} of level {span.level}" if span.level else f"leaf {index}"
                raise LogDamagedError(f"{what} of the log is missing")
    return found
