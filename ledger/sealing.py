"""Makes a block of what a shard's intake brought: records, seal, rows of entries and corrections, and the head."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger import copying
from ledger.blocks import MarkKind, MarkRow, Sealed, read_header, seal
from ledger.corrections import CorrectionRow, row_of
from ledger.duplicates import marks_of
from ledger.intake import Intake, ShardStoppedError
from ledger.models import Head, MarkedRecord, block_key, identity_of
from ledger.records import assemble, received_at_text
from possys.clock import MS_PER_S, iso_utc, utc
from possys.codes import day_of
from transactions.stream import StreamRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Block:
    """A block about to be written, with the head before it."""

    head: Head
    intake: Intake
    number: int
    sealed_at: datetime
    sealed: Sealed
    marks: list[MarkRow]
    rows: list[bytes]
    corrections: list[CorrectionRow]


def seal_intake(alias: str, head: Head, intake: Intake, moment_ms: int, *, check_all: bool) -> Block:
    """Assembles the records, seals their block and makes their entries and corrections.

    What was in the ledger before it was restored becomes the very block that it was, or raises ShardStoppedError.
    """
    if not intake.header:
        return _seal(alias, head, intake, moment_ms, check_all=check_all)
    sealed_at_ms = sealed_at_of(intake.header)
    # Whether every record was looked up then is not known; either way the marks are in the header.
    for checked in (check_all, not check_all):
        block = _seal(alias, head, intake, sealed_at_ms, check_all=checked)
        if block.sealed.header == intake.header:
            return block
    raise ShardStoppedError(
        f"block {block.number} would not be the one that was sealed before the database was restored: "
        f"{block.sealed.header.decode()} instead of {intake.header.decode()}. See docs/backup.md"
    )


def sealed_at_of(header: bytes) -> int:
    """When a header says that its block was sealed, in ms since 1970."""
    return round(datetime.fromisoformat(read_header(header).sealed_at).timestamp() * MS_PER_S)


def _seal(alias: str, head: Head, intake: Intake, moment_ms: int, *, check_all: bool) -> Block:
    number = head.block + 1
    sealed_time = utc(moment_ms)
    sealed_on = sealed_time.date()
    shard, epoch = head.shard, intake.epoch
    marks = marks_of(
        alias, shard=shard, block=number, sealed_on=str(sealed_on), records=intake.records, check_all=check_all
    )
    marked = {mark.position for mark in marks}
    sealed_day = (sealed_on - copying.POSTGRES_EPOCH).days
    times: dict[int, bytes] = {}
    records, rows, corrections = [], [], []
    for position, (record, sale) in enumerate(intake.records):
        received_at = times.get(record.received_at_ms)
        if received_at is None:
            received_at = times[record.received_at_ms] = received_at_text(record.received_at_ms)
        records.append(
            assemble(
                shard=shard,
                epoch=epoch,
                number=intake.first_number + position,
                received_at=received_at,
                code=record.code,
                retailer=record.retailer,
                store=record.store,
                sale=sale,
                signature=record.signature,
            )
        )
        if position not in marked:
            rows.append(
                copying.entry_row(
                    identity_of(record.terminal, record.sequence),
                    record.total,
                    record.issued_at_ms,
                    record.day,
                    sealed_day,
                    number,
                    record.store,
                    shard,
                    position,
                    record.type,
                )
            )
            if record.type:
                corrections.append((position, record, sale))
    sealed = seal(
        records,
        shard=shard,
        block=number,
        epoch=epoch,
        first_number=intake.first_number,
        previous=bytes(head.header_hash),
        marks=marks,
        sealed_at=iso_utc(moment_ms),
    )
    corrected = _corrections(corrections, shard, number, sealed_time)
    return Block(head, intake, number, sealed_time, sealed, marks, rows, corrected)


def _corrections(
    found: Sequence[tuple[int, StreamRecord, bytes]], shard: int, block: int, sealed_at: datetime
) -> list[CorrectionRow]:
    """The rows of these positions' refunds and voids; of nothing else is a byte of the sale looked at."""
    rows = [
        row_of(record, sale, shard=shard, block=block, position=position, sealed_at=sealed_at)
        for position, record, sale in found
    ]
    return [row for row in rows if row is not None]


def advance(block: Block) -> None:
    """Moves the head, in memory, to the block's end."""
    head, intake = block.head, block.intake
    head.epoch = intake.epoch
    head.number = intake.first_number + len(intake.records) - 1
    head.block = block.number
    head.header_hash = block.sealed.hash
    head.entry_id = intake.entry_id
    head.entry_sha256 = intake.entry_sha256
    head.records += len(intake.records)
    head.sealed_at = block.sealed_at


def head_columns(heads: Sequence[Head]) -> list[list[object]]:
    names = ("shard", "epoch", "number", "block", "header_hash", "entry_id", "entry_sha256", "records", "sealed_at")
    return [[getattr(head, name) for head in heads] for name in names]


def block_row(block: Block) -> tuple[object, ...]:
    shard, sealed, sealed_at = block.head.shard, block.sealed, block.sealed_at
    return (
        block_key(shard, block.number),
        shard,
        block.number,
        sealed_at.date(),
        sealed_at,
        block.intake.epoch,
        block.intake.first_number,
        len(block.intake.records),
        sealed.raw_bytes,
        sealed.header,
        sealed.hash,
        sealed.body,
    )


def mark_rows(block: Block) -> list[MarkedRecord]:
    rows, sealed_on = [], block.sealed_at.date()
    for mark in block.marks:
        record, _ = block.intake.records[mark.position]
        first = mark.first
        rows.append(
            MarkedRecord(
                shard=block.head.shard,
                block=block.number,
                position=mark.position,
                sealed_on=sealed_on,
                kind=mark.kind,
                identity=identity_of(record.terminal, record.sequence),
                issued_on=day_of(record.day),
                first_sealed_on=None if first is None else date.fromisoformat(first.sealed_on),
                first_block=None if first is None else first.block,
                first_position=None if first is None else first.position,
            )
        )
    if rows:
        conflicts = sum(mark.kind == MarkKind.CONFLICT for mark in block.marks)
        said = (block.number, block.head.shard, len(rows) - conflicts, conflicts)
        logger.warning("block %d of shard %d holds %d duplicates and %d conflicts", *said)
    return rows
