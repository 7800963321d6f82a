"""The leaves that were signed lately, in a file beside LOG_STATE_FILE: what puts them back into a restored database.

Written before a checkpoint is signed, a line a leaf: its index, kind, shard and block (- for none), the leaf as it is.
When a file is full it becomes the older of two, and the oldest leaves go. It is no evidence: what comes out of it must
have the root that was signed.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from ledger.log.appending import NewLeaf
from ledger.log.leaves import LeafKind
from ledger.log.models import LogEntry
from ledger.log.state import StateError
from ledger.shards import LOG_DATABASE

# Two files of this size hold the leaves of about an hour of full load (90 blocks a second).
FILE_BYTES_MAX = 64 * 1024**2
# Leaves read from the log at once: some megabytes.
CHUNK_LEAVES = 5000
NONE = b"-"


class TailLeaf(NamedTuple):
    """A leaf with its place in the log, its index."""

    place: int
    leaf: NewLeaf


def tail_paths() -> tuple[Path, Path]:
    """The older file and the one that is written."""
    state = Path(settings.LOG_STATE_FILE)
    return state.with_name(state.name + ".tail.old"), state.with_name(state.name + ".tail")


def keep_leaves(first: int, end: int) -> None:
    """Adds the log's leaves from `first` on, `end` excluded; on disk before it returns. Raises StateError."""
    for at in range(first, end, CHUNK_LEAVES):
        rows = LogEntry.objects.using(LOG_DATABASE).filter(index__gte=at, index__lt=min(at + CHUNK_LEAVES, end))
        entries = rows.order_by("index").values_list("index", "kind", "shard", "block", "leaf")
        _write(b"".join(_line(*columns) for columns in entries))


def read_leaves(first: int, end: int) -> list[TailLeaf]:
    """These leaves, without a gap; fewer, or none, where the files do not have them. Raises StateError.

    Of two lines for one index the later counts: what was never signed may have been written again.
    """
    found: dict[int, TailLeaf] = {}
    for path in tail_paths():
        for line in _lines(path):
            one = _read(line)
            if one is not None and first <= one.place < end:
                found[one.place] = one
    kept = []
    for index in range(first, end):
        if index not in found:
            break
        kept.append(found[index])
    return kept


def _line(index: int, kind: int, shard: int | None, block: int | None, leaf: bytes | memoryview) -> bytes:
    numbers = [b"%d" % number if number is not None else NONE for number in (index, kind, shard, block)]
    return b" ".join([*numbers, bytes(leaf)]) + b"\n"


def _read(line: bytes) -> TailLeaf | None:
    """One line; None for what a crash cut off."""
    try:
        index, kind, shard, block, leaf = line.split(b" ", 4)
        place = [None if number == NONE else int(number) for number in (shard, block)]
        return TailLeaf(int(index), NewLeaf(LeafKind(int(kind)), leaf, *place))
    except ValueError:
        return None


def _lines(path: Path) -> Iterable[bytes]:
    try:
        # What comes behind the last line's end was cut off.
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise StateError(f"the log's tail {path} cannot be read: {fault}") from fault


def _write(lines: bytes) -> None:
    older, newer = tail_paths()
    try:
        with newer.open("ab") as file:
            # After a crash in the middle of a line the next one must not join it.
            file.write(b"\n" + lines)
            file.flush()
            os.fsync(file.fileno())
            is_full = file.tell() > FILE_BYTES_MAX
        if is_full:
            newer.replace(older)
    except OSError as fault:
        raise StateError(f"the log's tail {newer} cannot be written: {fault}") from fault
