"""The flush: moves records from the capture store into the ledger, one block a shard, all of it in one DB transaction.

Order: lock the heads (whoever comes second skips them), read and check each shard, seal, COPY, move the heads, COMMIT,
and only then trim the streams. Killed anywhere, the next run finds either nothing or everything of it done.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from django.db import IntegrityError, connections, transaction
from redis.exceptions import RedisError, ResponseError

from ledger import copying
from ledger.archive.packs import ArchiveAwayError
from ledger.corrections import copy_corrections
from ledger.intake import Intake, ShardStoppedError, read_next
from ledger.models import Head
from ledger.partitions import existing_days, make_days
from ledger.safety import check_database
from ledger.sealing import Block, advance, block_row, head_columns, mark_rows, seal_intake, sealed_at_of
from ledger.shards import by_database
from ledger.trimming import note_headers, trim, trim_late, upto
from possys.clock import now_ms, utc
from possys.codes import day_of
from possys.failpoints import reach
from transactions.service import stores

logger = logging.getLogger(__name__)

# Shards in one DB transaction: their bodies lie in memory together.
SHARDS_MAX = 16
# The planner's days are remembered per process and table; partitions are only ever added.
_days: dict[tuple[str, str], set[date]] = {}


class DaysMissingError(Exception):
    """Partitions must be made before these records can be written; they are made outside the flush's transaction."""

    def __init__(self, table: str, days: set[date]) -> None:
        super().__init__(f"{table}: {sorted(days)}")
        self.table = table
        self.days = days


@dataclass
class Flushed:
    """What a flush did."""

    records: int = 0
    blocks: int = 0
    stopped: dict[int, str] = field(default_factory=dict)
    away: dict[int, Exception] = field(default_factory=dict)

    def add(self, other: "Flushed") -> None:
        """Adds another flush's figures."""
        self.records += other.records
        self.blocks += other.blocks
        self.stopped.update(other.stopped)
        self.away.update(other.away)


def flush(shards: Iterable[int]) -> Flushed:
    """Flushes at most one block of each of these shards. Raises RedisError or OSError when all that could be done is
    done and a store is away, and DatabaseError; nothing is then lost.
    """
    done = Flushed()
    for alias, own in by_database(shards).items():
        check_database(alias)
        for at in range(0, len(own), SHARDS_MAX):
            done.add(_flush_some(alias, own[at : at + SHARDS_MAX]))
    for fault in done.away.values():
        raise fault
    return done


def flush_all(shards: Sequence[int]) -> Flushed:
    """Flushes until nothing waits in these shards."""
    done = Flushed()
    while True:
        step = flush(shards)
        done.add(step)
        if step.records == 0:
            return done


def _flush_some(alias: str, shards: Sequence[int]) -> Flushed:
    """One DB transaction; again after making days, and once more with every record checked when one was known."""
    check_all = False
    while True:
        try:
            return _transaction(alias, shards, check_all=check_all)
        except DaysMissingError as missing:
            made = make_days(missing.table, missing.days, alias)
            logger.info("made %d days of %s on demand", made, missing.table)
            _days.pop((alias, missing.table), None)
        except KnownSaleError as known:
            if check_all:
                # Looking every record up did not help, so it is something else; whoever called waits and tries again.
                raise known.fault from known
            check_all = True
            # A partition that went away is refused with the same kind of error; the remembered days may be old.
            _days.clear()
        except IntegrityError:
            # As a day of blocks that was archived, met by a clock far behind: the next flush makes it again.
            _days.clear()
            raise


class KnownSaleError(Exception):
    """A record that capture judged to be new is in the ledger already: an alarm, and every record is looked up."""

    def __init__(self, fault: IntegrityError) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _transaction(alias: str, shards: Sequence[int], *, check_all: bool) -> Flushed:
    moment_ms = now_ms()
    done = Flushed()
    with transaction.atomic(using=alias):
        heads = Head.objects.using(alias).filter(shard__in=shards).order_by("shard").select_for_update(skip_locked=True)
        read = [(head, _read(head, done)) for head in heads]
        taken = [(head, intake) for head, intake in read if intake is not None]
        # Under the lock, so that no later block of these shards is trimmed before.
        trim_late(alias, [head for head, intake in read if intake is None and not _has_fault(head, done)], moment_ms)
        if taken:
            _need_days(alias, taken, moment_ms)
        blocks = _seal(alias, taken, moment_ms, done, check_all=check_all)
        if blocks:
            reach("flush.before-copy")
            _write(alias, blocks)
            note_headers([upto(block) for block in blocks], moment_ms)
            reach("flush.before-commit")
        _set_stopped(alias, done.stopped, moment_ms)
    if blocks:
        reach("flush.after-commit")
        trim([upto(block) for block in blocks], moment_ms)
        reach("flush.after-trim")
        done.blocks = len(blocks)
        done.records = sum(len(block.intake.records) for block in blocks)
    return done


def _read(head: Head, done: Flushed) -> Intake | None:
    """The shard's next records; a shard that must stop is left out and alarmed, the others go on."""
    store = stores().index(head.shard)
    if store in done.away:
        return None
    try:
        return read_next(stores().clients[store], head)
    except (ShardStoppedError, ResponseError) as stopped:
        done.stopped[head.shard] = str(stopped)
        if head.stopped_reason != str(stopped):
            logger.error("ALARM shard %d is stopped: %s", head.shard, stopped)
    except (RedisError, OSError) as fault:
        # The shards of other stores go on.
        done.away[store] = fault
    return None


def _has_fault(head: Head, done: Flushed) -> bool:
    return head.shard in done.stopped or stores().index(head.shard) in done.away


def _seal(
    alias: str, taken: Sequence[tuple[Head, Intake]], moment_ms: int, done: Flushed, *, check_all: bool
) -> list[Block]:
    """The blocks; a shard that must be compared with an archive that is away waits, the others go on."""
    blocks = []
    for head, intake in taken:
        try:
            blocks.append(seal_intake(alias, head, intake, moment_ms, check_all=check_all))
        except ArchiveAwayError as away:
            done.stopped[head.shard] = str(away)
        except ShardStoppedError as stopped:
            done.stopped[head.shard] = str(stopped)
            if head.stopped_reason != str(stopped):
                logger.error("ALARM shard %d is stopped: %s", head.shard, stopped)
    return blocks


def _need_days(alias: str, taken: Sequence[tuple[Head, Intake]], moment_ms: int) -> None:
    """Raises DaysMissingError when a partition is missing."""
    issued = {record.day for _, intake in taken for record, _ in intake.records}
    sealed = {sealed_at_of(intake.header) if intake.header else moment_ms for _, intake in taken}
    needs = {
        "ledger_entry": {day_of(day) for day in issued},
        "ledger_block": {utc(sealed_at_ms).date() for sealed_at_ms in sealed},
    }
    for table, days in needs.items():
        known = _days.get((alias, table))
        if known is None:
            known = _days[(alias, table)] = existing_days(table, alias)
        if missing := days - known:
            raise DaysMissingError(table, missing)


def _write(alias: str, blocks: Sequence[Block]) -> None:
    """COPYs blocks, entries, marks and corrections and moves the heads.

    Raises KnownSaleError when an entry is there already.
    """
    with connections[alias].cursor() as cursor:
        try:
            with transaction.atomic(using=alias):
                copying.copy_entries(cursor, [row for block in blocks for row in block.rows])
        except IntegrityError as fault:
            logger.error("ALARM a sale judged to be new is in the ledger already: %s", fault)
            raise KnownSaleError(fault) from fault
        copying.copy_blocks(cursor, [block_row(block) for block in blocks])
        copying.write_marks(alias, [row for block in blocks for row in mark_rows(block)])
        copy_corrections(cursor, [row for block in blocks for row in block.corrections])
        reach("flush.after-copy")
        for block in blocks:
            advance(block)
        cursor.execute(
            "UPDATE ledger_head SET epoch = new.epoch, number = new.number, block = new.block, "
            "header_hash = new.header_hash, entry_id = new.entry_id, entry_sha256 = new.entry_sha256, "
            "records = new.records, sealed_at = new.sealed_at, stopped_reason = '', stopped_at = NULL "
            "FROM unnest(%s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::bytea[], %s::text[], %s::bytea[], "
            "%s::bigint[], %s::timestamptz[]) "
            "AS new (shard, epoch, number, block, header_hash, entry_id, entry_sha256, records, sealed_at) "
            "WHERE ledger_head.shard = new.shard AND ledger_head.block = new.block - 1",
            head_columns([block.head for block in blocks]),
        )
        if cursor.rowcount != len(blocks):
            raise RuntimeError("a head moved under its lock; nothing is written")


def _set_stopped(alias: str, stopped: dict[int, str], moment_ms: int) -> None:
    """Shows stopped shards to whoever looks; a shard that flushes again is cleared with its head."""
    for shard, reason in stopped.items():
        Head.objects.using(alias).filter(shard=shard).exclude(stopped_reason=reason).update(
            stopped_reason=reason, stopped_at=datetime.fromtimestamp(moment_ms / 1000, UTC)
        )
