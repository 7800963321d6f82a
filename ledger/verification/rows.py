"""Entries as rows of numbers, from PostgreSQL or from the records, and a keyed sum that compares both. Pure.

Two sets of rows are the same when their keyed sums are: each row is hashed under numbers that are drawn anew for every
run, so that nobody can prepare rows that cancel out, and the hashes are added up, so that the order does not matter.
"""

import secrets
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

COLUMNS = (
    ("identity", "i8"),
    ("total", "i8"),
    ("issued_at", "i8"),
    ("issued_on", "i4"),
    ("sealed_on", "i4"),
    ("block", "i4"),
    ("store", "i4"),
    ("shard", "i2"),
    ("position", "i2"),
    ("type", "i2"),
)
NAMES = tuple(name for name, _ in COLUMNS)
ROW = np.dtype([(name, f"<{kind}") for name, kind in COLUMNS])
WORDS = 6
# An array as PostgreSQL sends it: dimensions, whether there are nulls, type, length, lower bound; then the elements,
# each behind its length.
ARRAY_HEAD_BYTES = 20

Rows = npt.NDArray[np.void]
Words = npt.NDArray[np.uint64]
Keys = npt.NDArray[np.int64]


class RowsError(ValueError):
    """The rows have not the form of entries: a column was emptied or is of another type."""


def new_key() -> list[int]:
    """A run's secret: an odd 64-bit number for each word of a row."""
    return [secrets.randbits(64) | 1 for _ in range(WORDS)]


def read_arrays(arrays: Sequence[bytes | None]) -> Rows:
    """Rows out of one binary array a column, as `array_agg` makes them; none at all is None. Raises RowsError."""
    first = arrays[0]
    if first is None:
        return np.empty(0, dtype=ROW)
    rows = np.empty(int.from_bytes(first[12:16], "big"), dtype=ROW)
    for (name, kind), raw in zip(COLUMNS, arrays, strict=True):
        wire = np.dtype([("bytes", ">i4"), ("value", f">{kind}")])
        if raw is None or len(raw) != ARRAY_HEAD_BYTES + len(rows) * wire.itemsize:
            raise RowsError(f"the column {name} of an entry is empty or of another type")
        rows[name] = np.frombuffer(raw, dtype=wire, offset=ARRAY_HEAD_BYTES)["value"]
    return rows


def row_hashes(rows: Rows, key: list[int]) -> Words:
    """A 64-bit hash of each row under the run's key."""
    words = (
        rows["identity"].astype(np.uint64),
        rows["total"].astype(np.uint64),
        rows["issued_at"].astype(np.uint64),
        _joined(rows["issued_on"], rows["sealed_on"]),
        _joined(rows["block"], rows["store"]),
        _joined(rows["shard"], rows["position"].astype(np.int32) << 16 ^ (rows["type"].astype(np.int32) & 0xFFFF)),
    )
    found: Words = np.zeros(len(rows), dtype=np.uint64)
    for word, factor in zip(words, key, strict=True):
        found += word
        found *= np.uint64(factor)
        # The high bits of a product depend on all of the word, its low bits on little.
        found ^= found >> np.uint64(32)
    return found


def _joined(high: npt.NDArray[np.signedinteger], low: npt.NDArray[np.signedinteger]) -> Words:
    """Two columns in one word."""
    return high.astype(np.uint64) << np.uint64(32) ^ low.astype(np.uint32).astype(np.uint64)


def sums_by(keys: Keys, *columns: Words) -> tuple[Keys, list[Words]]:
    """Each column added up for each key; overflow wraps around, as it must."""
    if not len(keys):
        return keys, [column[:0] for column in columns]
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[starts], [np.add.reduceat(column[order], starts) for column in columns]
