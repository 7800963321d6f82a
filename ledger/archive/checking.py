"""Reads a day's file again and holds every block of it against the log; only one that passes may stand for the day."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from ledger.archive.packs import CHUNK_BLOCKS, COLUMNS, ArchivedBlock, open_pack, read_row
from ledger.blocks import header_hash, leaf_of, read_header, unpack_body
from ledger.log.leaves import LeafKind
from ledger.log.models import Checkpoint, LogEntry
from ledger.merkle import root
from ledger.shards import LOG_DATABASE

# Called with how many blocks are done.
Progress = Callable[[int], None]


class PackDamagedError(RuntimeError):
    """A file is not what was sealed; the message names the block."""


class NotSignedError(RuntimeError):
    """A block is not in the log under a signed checkpoint, so nothing would prove it in a file."""


class Checked(NamedTuple):
    """What a file that passed holds."""

    blocks: int
    records: int
    bytes: int


class _Logged(NamedTuple):
    """A block's leaf of the log."""

    leaf: bytes
    leaf_hash: bytes


def check_pack(path: Path, day: date, progress: Progress = lambda done: None) -> Checked:
    """Reads every block of the file and checks its header, hash, columns, count and Merkle root against the log.

    Raises PackDamagedError, NotSignedError, and OSError when the file cannot be read.
    """
    signed = signed_size()
    blocks = records = 0
    try:
        for shard, rows in groupby(_all_rows(path, day), key=lambda row: row.shard):
            following: int | None = None
            for chunk in _chunks(rows):
                logged = _logged(shard, chunk[0].number, chunk[-1].number, signed)
                for block in chunk:
                    if following not in (None, block.number):
                        raise PackDamagedError(f"shard {shard}, block {following}: is missing")
                    following = block.number + 1
                    check_block(block, logged.get(block.number))
                    records += block.count
                blocks += len(chunk)
                progress(blocks)
    except (sqlite3.Error, ValueError, TypeError) as fault:
        raise PackDamagedError(f"{path.name} cannot be read: {fault}") from fault
    return Checked(blocks, records, path.stat().st_size)


def check_block(block: ArchivedBlock, logged: _Logged | None) -> None:
    """Raises PackDamagedError or NotSignedError unless the block is, byte for byte, the one in the log."""
    where = f"shard {block.shard}, block {block.number}"
    if logged is None:
        raise NotSignedError(f"{where}: is not in the log under a signed checkpoint; wait some seconds")
    if block.header != logged.leaf or {header_hash(block.header), block.header_hash} != {logged.leaf_hash}:
        raise PackDamagedError(f"{where}: the header is not the one in the log")
    header = read_header(block.header)
    sealed_at = f"{block.sealed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    columns = (block.shard, block.number, block.epoch, block.first_number, block.count, f"{sealed_at[:-3]}Z")
    if columns != (header.shard, header.block, header.epoch, header.first_number, header.count, header.sealed_at):
        raise PackDamagedError(f"{where}: a column differs from the header")
    if header.sealed_at[:10] != block.sealed_on.isoformat():
        raise PackDamagedError(f"{where}: was not sealed on {block.sealed_on}")
    try:
        positions = unpack_body(block.body)
    except ValueError as fault:
        raise PackDamagedError(f"{where}: {fault}") from fault
    if len(positions) != header.count:
        raise PackDamagedError(f"{where}: holds {len(positions)} records, the header says {header.count}")
    if root([leaf_of(kind, content) for kind, content in positions]).hex() != header.root:
        raise PackDamagedError(f"{where}: the records do not have the root of the header")


def signed_size() -> int:
    """How many of the log's leaves a signed checkpoint covers."""
    newest = Checkpoint.objects.using(LOG_DATABASE).order_by("-size").values_list("size", flat=True).first()
    return newest or 0


def _logged(shard: int, first: int, last: int, signed: int) -> dict[int, _Logged]:
    rows = LogEntry.objects.using(LOG_DATABASE).filter(
        kind=LeafKind.BLOCK, shard=shard, block__range=(first, last), index__lt=signed
    )
    return {
        block: _Logged(bytes(leaf), bytes(leaf_hash))
        for block, leaf, leaf_hash in rows.values_list("block", "leaf", "leaf_hash")
        if block is not None
    }


def _all_rows(path: Path, day: date) -> Iterator[ArchivedBlock]:
    """Every block, by shard and number, on a connection of its own that sees what is on disk."""
    connection = open_pack(path)
    try:
        for row in connection.execute(f"SELECT {COLUMNS} FROM block ORDER BY shard, number"):  # noqa: S608
            yield read_row(day, row)
    finally:
        connection.close()


def _chunks(rows: Iterator[ArchivedBlock]) -> Iterator[list[ArchivedBlock]]:
    chunk: list[ArchivedBlock] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK_BLOCKS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
