"""Brings the blocks of a day back from its file into PostgreSQL; the file stays."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date

from django.db import connections, transaction

from ledger.archive.checking import check_pack
from ledger.archive.lock import archive_lock
from ledger.archive.moving import TABLE, Progress
from ledger.archive.packs import CHUNK_BLOCKS, ArchivedBlock, blocks_of, file_name, latest_move, pack_path
from ledger.archive.writing import settle
from ledger.copying import copy_blocks
from ledger.log.appending import append, new_leaf
from ledger.log.leaves import FORMAT_VERSION, RestoreLeaf
from ledger.log.models import ArchiveMove
from ledger.partitions import make_days
from ledger.shards import ALL_SHARDS, LOG_DATABASE, by_database
from possys.clock import iso_utc, now_ms, utc
from possys.failpoints import reach


class RestoreRefusedError(RuntimeError):
    """The day stays in its file; the message says why."""


def restore_day(day: date, progress: Progress = lambda step, done, total: None) -> ArchiveMove | None:
    """Brings a day back; None when it is in PostgreSQL already.

    Raises RestoreRefusedError, PackDamagedError, NotSignedError, ArchiveAwayError and ArchiveBusyError; nothing has
    then changed.
    """
    with archive_lock():
        move = latest_move(day)
        if move is None:
            raise RestoreRefusedError(f"{day} was never archived")
        if move.is_restored:
            return None
        path = pack_path(day)
        if not path.exists():
            raise RestoreRefusedError(f"{path} is not there")
        settle(path)
        checked = check_pack(path, day, lambda done: progress("checked", done, move.blocks))
        if (checked.blocks, checked.records) != (move.blocks, move.records):
            raise RestoreRefusedError(
                f"{path.name} holds {checked.blocks} blocks and {checked.records} records; "
                f"{move.blocks} and {move.records} were archived"
            )
        for alias in by_database(ALL_SHARDS):
            make_days(TABLE, [day], alias)
        reach("restore.after-make-day")
        return _restore(day, move, progress)


def _restore(day: date, move: ArchiveMove, progress: Progress) -> ArchiveMove:
    moment_ms = now_ms()
    with ExitStack() as stack:
        # The log's part is committed last: what it says is there, is there.
        for alias in [LOG_DATABASE, *(alias for alias in by_database(ALL_SHARDS) if alias != LOG_DATABASE)]:
            stack.enter_context(transaction.atomic(using=alias))
        done = 0
        for alias, shards in by_database(ALL_SHARDS).items():
            with connections[alias].cursor() as cursor:
                present = _present(alias, day)
                for chunk in _missing(day, shards, present):
                    copy_blocks(cursor, chunk)
                    done += len(chunk)
                    progress("restored", done, move.blocks)
        restored = ArchiveMove.objects.using(LOG_DATABASE).create(
            day=day,
            is_restored=True,
            blocks=move.blocks,
            records=move.records,
            bytes=move.bytes,
            file_name=file_name(day),
            moved_at=utc(moment_ms),
        )
        leaf = RestoreLeaf(FORMAT_VERSION, day.isoformat(), move.blocks, move.records, iso_utc(moment_ms))
        append([new_leaf(leaf)])
        reach("restore.before-commit")
    return restored


def _present(alias: str, day: date) -> set[int]:
    """Keys of blocks that are there already: sealed on that day by a clock far behind, after it was archived."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT id FROM {TABLE} WHERE sealed_on = %s", [day])  # noqa: S608 - a constant
        return {key for (key,) in cursor.fetchall()}


def _missing(day: date, shards: Iterable[int], present: set[int]) -> Iterator[list[ArchivedBlock]]:
    """The file's blocks that PostgreSQL lacks, a shard's some at a time."""
    for shard in shards:
        chunk: list[ArchivedBlock] = []
        for block in blocks_of(day, shard):
            if block.id not in present:
                chunk.append(block)
            if len(chunk) == CHUNK_BLOCKS:
                yield chunk
                chunk = []
        if chunk:
            yield chunk
