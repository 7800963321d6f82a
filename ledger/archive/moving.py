"""Moves the blocks of a day into its file: written, checked, named, and only then dropped from PostgreSQL."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import NamedTuple

from django.db import OperationalError, connections, transaction

from ledger.archive.checking import NotSignedError, PackDamagedError, check_pack, signed_size
from ledger.archive.lock import archive_lock
from ledger.archive.packs import CHUNK_BLOCKS, ArchivedBlock, file_name, latest_move, pack_path
from ledger.archive.writing import Written, settle, take_name, write_aside
from ledger.copying import BLOCK_COLUMNS
from ledger.log.appending import append, new_leaf
from ledger.log.leaves import FORMAT_VERSION, ArchiveLeaf, LeafKind
from ledger.log.models import ArchiveMove, LogEntry
from ledger.partitions import DAYS_LOCK, existing_days, partition_name
from ledger.shards import LOG_DATABASE, databases
from possys.clock import iso_utc, now_ms, utc
from possys.failpoints import reach

TABLE = "ledger_block"
# Detaching waits for whoever reads the table, and whoever comes after waits behind it; so it gives up soon.
LOCK_TIMEOUT_MS = 2000

# What is being done, blocks done, blocks in all.
Progress = Callable[[str, int, int], None]


class ArchiveRefusedError(RuntimeError):
    """The day stays where it is; the message says why. Nothing was dropped."""


class DayPlan(NamedTuple):
    """A day that has a partition: what is in it, and how many of its blocks a signed checkpoint covers."""

    day: date
    blocks: int
    records: int
    bytes: int
    signed: int


class _Partition(NamedTuple):
    """What a partition holds, as one comparison: blocks, bytes of bodies, SHA-256 of all headers' hashes by key."""

    blocks: int
    bytes: int
    headers: str


def plan_before(before: date) -> list[DayPlan]:
    """The days before `before` that have a partition. Raises ArchiveRefusedError when today would be among them."""
    today = utc(now_ms()).date()
    if before > today:
        raise ArchiveRefusedError(f"today's blocks ({today}, UTC) are still being sealed: name {today} at the latest")
    days = {day for alias in databases() for day in existing_days(TABLE, alias) if day < before}
    return [_plan(day) for day in sorted(days)]


def archive_day(day: date, progress: Progress = lambda step, done, total: None) -> ArchiveMove | None:
    """Moves a day; None when it had no blocks, so that only its empty partition went.

    Raises ArchiveRefusedError, PackDamagedError and NotSignedError, and ArchiveBusyError; then every block is where it
    was. Run again after a crash, it completes what was begun.
    """
    if day >= utc(now_ms()).date():
        raise ArchiveRefusedError(f"{day} is not over (UTC)")
    with archive_lock():
        plan = _plan(day)
        if plan.blocks == 0:
            _drop_empty(day)
            return None
        if plan.signed < plan.blocks:
            raise NotSignedError(
                f"{plan.blocks - plan.signed} of {plan.blocks} blocks of {day} are not in the log under a signed "
                "checkpoint; see manage.py checkpoint"
            )
        written, before = _write(day, plan, progress)
        reach("archive.after-write")
        checked = check_pack(written.path, day, lambda done: progress("checked", done, written.blocks))
        if (checked.blocks, checked.records) != (written.blocks, written.records):
            raise PackDamagedError(f"{written.path.name} holds {checked.blocks} of {written.blocks} blocks")
        take_name(written, pack_path(day))
        reach("archive.after-rename")
        return _drop(day, written, before)


def _write(day: date, plan: DayPlan, progress: Progress) -> tuple[Written, dict[str, _Partition]]:
    """The file, not yet under its name; and what was read for it, by database."""
    done = 0
    found: dict[str, _Partition] = {}

    def rows() -> Iterator[ArchivedBlock]:
        nonlocal done
        for alias in databases():
            headers, blocks, size = hashlib.sha256(), 0, 0
            for block in _stored(alias, day):
                headers.update(block.header_hash)
                blocks += 1
                size += len(block.body)
                done += 1
                if done % CHUNK_BLOCKS == 0 or done == plan.blocks:
                    progress("written", done, plan.blocks)
                yield block
            found[alias] = _Partition(blocks, size, headers.hexdigest())

    # Blocks that a clock far behind sealed on a day that was archived already join those of its file.
    move = latest_move(day)
    merge = None if move is None or move.is_restored else pack_path(day)
    if merge is not None and not merge.exists():
        raise ArchiveRefusedError(f"{day} was archived before, but {merge.name} is not there: bring it back first")
    if merge is not None:
        settle(merge)
    return write_aside(pack_path(day), day, rows(), merge=merge), found


def _drop(day: date, written: Written, before: dict[str, _Partition]) -> ArchiveMove:
    """Notes the move, in the log too, and drops the partition. Raises ArchiveRefusedError when it is not as it was."""
    moment_ms = now_ms()
    try:
        with ExitStack() as stack:
            # The log's part is committed first: a crash between two databases leaves a partition, never a gap.
            for alias in [*(alias for alias in databases() if alias != LOG_DATABASE), LOG_DATABASE]:
                stack.enter_context(transaction.atomic(using=alias))
            for alias in databases():
                _lock_unchanged(alias, day, before[alias])
            move = ArchiveMove.objects.using(LOG_DATABASE).create(
                day=day,
                blocks=written.blocks,
                records=written.records,
                bytes=written.bytes,
                file_name=file_name(day),
                moved_at=utc(moment_ms),
            )
            leaf = ArchiveLeaf(FORMAT_VERSION, day.isoformat(), written.blocks, written.records, iso_utc(moment_ms))
            append([new_leaf(leaf)])
            for alias in databases():
                _detach_and_drop(alias, day)
            reach("archive.before-commit")
    except OperationalError as fault:
        raise ArchiveRefusedError(f"{day}: {fault}; its file is written and checked, run this again") from fault
    reach("archive.after-commit")
    return move


def _drop_empty(day: date) -> None:
    """Drops a day's partition that holds nothing: made ahead for nothing, or made again after its blocks had gone."""
    try:
        for alias in databases():
            with transaction.atomic(using=alias):
                _lock_unchanged(alias, day, _Partition(0, 0, hashlib.sha256().hexdigest()))
                _detach_and_drop(alias, day)
    except OperationalError as fault:
        raise ArchiveRefusedError(f"{day}: {fault}; run this again") from fault


def _lock_unchanged(alias: str, day: date, before: _Partition) -> None:
    """Keeps writers out of the partition until the transaction ends. Raises ArchiveRefusedError."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DAYS_LOCK])
        if day not in existing_days(TABLE, alias):
            return
        name = partition_name(TABLE, day)
        cursor.execute(f'LOCK TABLE "{name}" IN SHARE MODE')
        cursor.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0), "  # noqa: S608 - a table's name
            f"encode(sha256(coalesce(string_agg(header_hash, '' ORDER BY id), '')), 'hex') FROM \"{name}\""
        )
        now = _Partition(*cursor.fetchone())
    if now != before:
        raise ArchiveRefusedError(f"{day} changed while its file was written; run this again")


def _detach_and_drop(alias: str, day: date) -> None:
    if day in existing_days(TABLE, alias):
        name = partition_name(TABLE, day)
        with connections[alias].cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{TABLE}" DETACH PARTITION "{name}"')
            cursor.execute(f'DROP TABLE "{name}"')


def _stored(alias: str, day: date) -> Iterator[ArchivedBlock]:
    """The day's blocks in PostgreSQL, in order of their keys, some at a time."""
    after = -1
    while True:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                f"SELECT {BLOCK_COLUMNS} FROM {TABLE} WHERE sealed_on = %s AND id > %s ORDER BY id LIMIT %s",  # noqa: S608
                [day, after, CHUNK_BLOCKS],
            )
            chunk = [ArchivedBlock(*row[:9], *map(bytes, row[9:])) for row in cursor.fetchall()]
        yield from chunk
        if len(chunk) < CHUNK_BLOCKS:
            return
        after = chunk[-1].id


def _plan(day: date) -> DayPlan:
    """What a day holds; reads no body."""
    signed, blocks, records, size, covered = signed_size(), 0, 0, 0, 0
    for alias in databases():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT shard, min(number), max(number), count(*), sum(count), sum(length(body)) "  # noqa: S608
                f"FROM {TABLE} WHERE sealed_on = %s GROUP BY shard ORDER BY shard",
                [day],
            )
            rows = cursor.fetchall()
        for shard, first, last, shard_blocks, shard_records, shard_bytes in rows:
            blocks, records, size = blocks + shard_blocks, records + shard_records, size + shard_bytes
            covered += (
                LogEntry.objects.using(LOG_DATABASE)
                .filter(kind=LeafKind.BLOCK, shard=shard, block__range=(first, last), index__lt=signed)
                .count()
            )
    return DayPlan(day, blocks, int(records), int(size), min(covered, blocks))
