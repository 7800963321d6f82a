"""Files of archived days: where they lie and how blocks are read out of them.

    ARCHIVE_DIR/blocks-2026-11-23.sqlite    one SQLite file for each day of sealing (docs/decisions/0009)
      about    name, value: the format's version, the day, how many blocks and records
      block    the columns of ledger_block, header and body as they were sealed

Nothing in a file is believed because it is there: each block's header is a leaf of the log.
"""

import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import OperationalError

from ledger.log.models import ArchiveMove
from ledger.models import block_key
from ledger.shards import LOG_DATABASE

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
# Files that one thread keeps open: pages of a day's receipts are asked for one after the other.
FILES_MAX = 8
# Blocks read at once: their bodies are some megabytes. Between two reads no lock of the file is held.
CHUNK_BLOCKS = 50
# How long a reader waits for a removal that is being written.
BUSY_TIMEOUT_S = 5.0
# An archive that is away is one fault, however many customers meet it.
ALARM_EVERY_S = 60.0
COLUMNS = "shard, number, epoch, first_number, count, raw_bytes, sealed_at, header, header_hash, body"

_local = threading.local()
_alarmed_s: list[float] = []
# The first and last number of a shard's blocks in a file, by what identifies the file's present content.
_ranges: dict[tuple["_Identity", int], tuple[int, int] | None] = {}


class ArchiveAwayError(OperationalError):
    """An archived day's file is missing or cannot be read just now.

    To whoever asks it is what a database is that cannot be reached, so that callers treat both alike.
    """


class ArchivedBlock(NamedTuple):
    """A block's row, its columns as ledger_block has them and in that order."""

    id: int
    shard: int
    number: int
    sealed_on: date
    sealed_at: datetime
    epoch: int
    first_number: int
    count: int  # type: ignore[assignment] # the column's name; a tuple's own method is not used
    raw_bytes: int
    header: bytes
    header_hash: bytes
    body: bytes


class _Identity(NamedTuple):
    """What changes when a file is replaced by another."""

    path: Path
    inode: int
    mtime_ns: int


def file_name(day: date) -> str:
    """The name of a day's file."""
    return f"blocks-{day:%Y-%m-%d}.sqlite"


def pack_path(day: date) -> Path:
    """Where a day's file lies."""
    return Path(settings.ARCHIVE_DIR) / file_name(day)


def latest_move(day: date) -> ArchiveMove | None:
    """The last that happened to a day; None when it was never archived."""
    return ArchiveMove.objects.using(LOG_DATABASE).filter(day=day).order_by("-id").first()


def archived_days() -> dict[date, ArchiveMove]:
    """The days whose blocks are in files and not in PostgreSQL, in order; with the move that took each there."""
    moves = ArchiveMove.objects.using(LOG_DATABASE).order_by("day", "-id").distinct("day")
    return {move.day: move for move in moves if not move.is_restored}


def find_archived(day: date, shard: int, number: int) -> ArchivedBlock | None:
    """One block; None when the day was not archived or has no such block. Raises ArchiveAwayError."""
    found = _rows(day, "shard = ? AND number = ?", (shard, number), limit=1)
    return found[0] if found else None


def blocks_of(day: date, shard: int, first: int = 0, last: int = 2**63 - 1) -> Iterator[ArchivedBlock]:
    """A shard's blocks of a day, from `first` to `last`, in order of their numbers. Raises ArchiveAwayError."""
    while True:
        chunk = _rows(day, "shard = ? AND number BETWEEN ? AND ?", (shard, first, last), limit=CHUNK_BLOCKS)
        yield from chunk
        if len(chunk) < CHUNK_BLOCKS:
            return
        first = chunk[-1].number + 1


def blocks_between(shard: int, first: int, last: int) -> Iterator[ArchivedBlock]:
    """A shard's blocks from `first` to `last` that are in files only, in order. Raises ArchiveAwayError."""
    for day in archived_days():
        span = _range_of(day, shard)
        if span is not None and span[0] <= last and span[1] >= first:
            yield from blocks_of(day, shard, first, last)


def latest_archived(day: date, shard: int, *, before: int | None, limit: int) -> list[ArchivedBlock]:
    """A shard's blocks of a day, the latest first, their bodies left out; below number `before` if it is given."""
    below = 2**63 - 1 if before is None else before
    return _rows(
        day, "shard = ? AND number < ?", (shard, below), limit=limit, order="DESC", columns=_without_body(COLUMNS)
    )


def open_pack(path: Path, *, mode: str = "ro") -> sqlite3.Connection:
    """A connection to a file that is there, statements committing by themselves. Raises sqlite3.Error."""
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)


def read_row(day: date, row: tuple[int, int, int, int, int, int, str, bytes, bytes, bytes]) -> ArchivedBlock:
    """A row's values in the order of COLUMNS. Raises ValueError when the time is none."""
    shard, number, epoch, first_number, count, raw_bytes, sealed_at, header, header_hash, body = row
    moment = datetime.fromisoformat(sealed_at)
    place = (block_key(shard, number), shard, number, day, moment)
    return ArchivedBlock(*place, epoch, first_number, count, raw_bytes, header, header_hash, body)


def _without_body(columns: str) -> str:
    return columns.removesuffix("body") + "x''"


def _rows(
    day: date, where: str, values: tuple[int, ...], *, limit: int, order: str = "ASC", columns: str = COLUMNS
) -> list[ArchivedBlock]:
    connection = _opened(day)
    if connection is None:
        return []
    sql = f"SELECT {columns} FROM block WHERE {where} ORDER BY number {order} LIMIT {limit}"  # noqa: S608 - no input
    try:
        return [read_row(day, row) for row in connection.execute(sql, values)]
    except (sqlite3.Error, ValueError, TypeError) as fault:
        raise _away(day, str(fault)) from fault


def _opened(day: date) -> sqlite3.Connection | None:
    """This thread's connection to the day's file; None when there is none to expect."""
    path = pack_path(day)
    try:
        identity = _identity(path)
    except FileNotFoundError:
        move = latest_move(day)
        if move is None or move.is_restored:
            return None
        raise _away(day, "it is not there") from None
    except OSError as fault:
        raise _away(day, str(fault)) from fault
    files: OrderedDict[Path, tuple[_Identity, sqlite3.Connection]] = _local.__dict__.setdefault("files", OrderedDict())
    known = files.pop(path, None)
    if known is None or known[0].inode != identity.inode:
        if known is not None:
            known[1].close()
        try:
            known = (identity, open_pack(path))
        except sqlite3.Error as fault:
            raise _away(day, str(fault)) from fault
    files[path] = known
    if len(files) > FILES_MAX:
        files.popitem(last=False)[1][1].close()
    return known[1]


def _identity(path: Path) -> _Identity:
    found = path.stat()
    return _Identity(path, found.st_ino, found.st_mtime_ns)


def _range_of(day: date, shard: int) -> tuple[int, int] | None:
    connection = _opened(day)
    if connection is None:
        return None
    key = (_identity(pack_path(day)), shard)
    if key not in _ranges:
        try:
            row = connection.execute("SELECT min(number), max(number) FROM block WHERE shard = ?", (shard,)).fetchone()
        except sqlite3.Error as fault:
            raise _away(day, str(fault)) from fault
        _ranges[key] = None if row[0] is None else (row[0], row[1])
    return _ranges[key]


def _away(day: date, why: str) -> ArchiveAwayError:
    """The error to raise; an alarm a minute says it to whoever is on duty."""
    fault = ArchiveAwayError(f"the archive's file {file_name(day)} cannot be read: {why}")
    now_s = time.monotonic()
    if not _alarmed_s or now_s - _alarmed_s[0] >= ALARM_EVERY_S:
        _alarmed_s[:] = [now_s]
        logger.error("ALARM %s; receipts of that day cannot be shown", fault)
    return fault
