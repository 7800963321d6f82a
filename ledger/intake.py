"""Reads the next records of a shard from its stream, and refuses what is not exactly the continuation of the ledger."""

import struct
from dataclasses import dataclass
from typing import Any

import msgspec
import redis

from ledger.blocks import RAW_BYTES_MAX, RECORDS_MAX, Header, read_header
from ledger.models import Head
from possys.redis import call_all
from transactions.models import ID_MAX
from transactions.sale import SEQUENCE_MAX, TERMINAL_MAX
from transactions.stream import (
    SALE_TYPES,
    KeptBlock,
    Mark,
    StreamRecord,
    entry_sha256,
    kept_key,
    read_entry,
    read_kept,
    shard_of,
    stream_key,
)

# Records asked for at once: bounds what one reply can hold (64 MB of the largest sales).
STEP_RECORDS = 1024
MARKS = frozenset(Mark)
DAY_MS = 86_400_000
# 2020-01-01, from which a record's day counts, in days since 1970; its own offset moves the date by one at most.
CODE_EPOCH = 18_262
# The last day a receipt code can carry, in 2064.
MOMENT_MAX_MS = (CODE_EPOCH + 2**14) * DAY_MS


class ShardStoppedError(Exception):
    """The stream does not continue the ledger; nothing of the shard is written or trimmed until someone has looked."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Whole stream entries that follow the head: their records in order, and the last entry's name and hash.

    `header` is that of the block that they were in before the database was restored; empty for new ones.
    """

    epoch: int
    first_number: int
    records: list[tuple[StreamRecord, bytes]]
    entry_id: str
    entry_sha256: bytes
    header: bytes = b""


def parse_id(raw: bytes) -> tuple[int, int]:
    """(epoch, number) of a stream ID."""
    epoch, _, number = raw.partition(b"-")
    return int(epoch), int(number)


def read_next(client: redis.Redis, head: Head, *, records_max: int = RECORDS_MAX) -> Intake | None:
    """The records behind the head, at most a block full; None when there are none.

    The entry at the head itself stays in the stream as an anchor and must have the hash that the ledger remembers: a
    store that lost its tail, was exchanged or went back in time is found here. A database that went back in time is
    filled up out of what the stream still keeps, block by block as before. Raises ShardStoppedError and RedisError.
    """
    epoch, number = head.epoch, head.number
    anchored, last_kept = _check_anchor(client, head)
    is_restored = last_kept is not None and parse_id(last_kept.entry_id.encode()) > (epoch, number)
    if anchored and is_restored and (before := _read_as_before(client, head)) is not None:
        return before
    if not anchored or not _has_more(client, head.shard, epoch, number):
        epoch, number = _next_epoch(client, head) or (epoch, number)
        if not anchored and epoch == head.epoch:
            raise ShardStoppedError(_below_head(client, head))
    return _read(client, head.shard, epoch, number, records_max)


def _check_anchor(client: redis.Redis, head: Head) -> tuple[bool, KeptBlock | None]:
    """Whether the entry at the head is there (or the head is at the very beginning), and the last block that is kept.

    Raises ShardStoppedError when another entry is there.
    """
    key = stream_key(head.shard)
    found, last = call_all(
        client, [("XRANGE", key, head.entry_id or "0-0", head.entry_id or "0-0"), ("LINDEX", kept_key(head.shard), -1)]
    )
    for reply in (found, last):
        if isinstance(reply, Exception):
            raise reply
    kept = _kept(head.shard, last) if last else None
    if not head.entry_id:
        return True, kept
    if not found:
        return False, kept
    if entry_digest(dict(zip(found[0][1][::2], found[0][1][1::2], strict=True))) != bytes(head.entry_sha256):
        raise ShardStoppedError(f"entry {head.entry_id} is not the one that the ledger took: the store was exchanged")
    return True, kept


def _kept(shard: int, element: bytes) -> KeptBlock:
    try:
        return read_kept(element)
    except ValueError as fault:
        raise ShardStoppedError(
            f"what is kept of flushed blocks ({kept_key(shard)}) cannot be read: {fault}"
        ) from fault


def _read_as_before(client: redis.Redis, head: Head) -> Intake | None:
    """The records of the next block as it was before the database was restored; None when no such block is kept."""
    elements: Any = client.lrange(kept_key(head.shard), 0, -1)
    for element in elements:
        kept = _kept(head.shard, element)
        try:
            header = read_header(kept.header)
        except msgspec.DecodeError as fault:
            raise ShardStoppedError(
                f"the header that is kept of entry {kept.entry_id} cannot be read: {fault}"
            ) from fault
        if (header.shard, header.block, header.previous) == (head.shard, head.block + 1, bytes(head.header_hash).hex()):
            return _records_of(client, head, kept, header)
    return None


def _records_of(client: redis.Redis, head: Head, kept: KeptBlock, header: Header) -> Intake:
    """Raises ShardStoppedError when the stream does not have just these records."""
    if header.epoch > head.announced_epoch:
        raise ShardStoppedError(
            f"block {header.block} was in epoch {header.epoch}, only {head.announced_epoch} is announced: the database "
            "is older than the last rebuild of the store. See docs/backup.md"
        )
    found = _read(client, head.shard, header.epoch, header.first_number - 1, header.count)
    if found is None or (found.entry_id, len(found.records)) != (kept.entry_id, header.count):
        raise ShardStoppedError(
            f"block {header.block} was flushed before the database was restored, and the stream does not have its "
            f"{header.count} records any more. See docs/backup.md"
        )
    return Intake(
        found.epoch, found.first_number, found.records, found.entry_id, found.entry_sha256, header=kept.header
    )


def _has_more(client: redis.Redis, shard: int, epoch: int, number: int) -> bool:
    found: Any = client.xrange(stream_key(shard), f"{epoch}-{number + 1}", f"{epoch}-{2**63}", count=1)
    return bool(found)


def _next_epoch(client: redis.Redis, head: Head) -> tuple[int, int] | None:
    """The next epoch with records, when it was announced; None when there is none. Raises for one not announced."""
    found: Any = client.xrange(stream_key(head.shard), f"{head.epoch + 1}-0", "+", count=1)
    if not found:
        # Announced and still empty: a rebuilt store that has taken nothing yet.
        return (head.announced_epoch, 0) if head.announced_epoch > head.epoch else None
    epoch, _ = parse_id(found[0][0])
    if epoch > head.announced_epoch:
        raise ShardStoppedError(f"the stream has epoch {epoch}, only {head.announced_epoch} was announced")
    return epoch, 0


def _below_head(client: redis.Redis, head: Head) -> str:
    last: Any = client.xrevrange(stream_key(head.shard), count=1)
    ends = last[0][0].decode() if last else "empty"
    first: Any = client.xrange(stream_key(head.shard), count=1)
    if first and parse_id(first[0][0]) > (head.epoch, head.number):
        return (
            f"the stream begins at {first[0][0].decode()}, behind the ledger's head at {head.entry_id}: the database "
            "is older than what the stream keeps, and what lies between is in neither. See docs/backup.md"
        )
    return (
        f"the entry {head.entry_id} at the ledger's head is gone, the stream ends at {ends}: the store lost its tail "
        "or is an old one. See docs/operations.md, rebuild_store and recover_store"
    )


def _read(client: redis.Redis, shard: int, epoch: int, after: int, records_max: int) -> Intake | None:
    records: list[tuple[StreamRecord, bytes]] = []
    raw_bytes, number, entry_id, digest = 0, after, "", b""
    while len(records) < records_max:
        upto = min(number + STEP_RECORDS, after + records_max)
        found: Any = client.xrange(stream_key(shard), f"{epoch}-{number + 1}", f"{epoch}-{upto}")
        for raw_id, fields in found:
            entry = _checked_entry(shard, raw_id, fields, number)
            raw_bytes += len(fields[b"d"])
            if records and raw_bytes > RAW_BYTES_MAX:
                return Intake(epoch, after + 1, records, entry_id, digest)
            records.extend(entry)
            number += len(entry)
            entry_id, digest = raw_id.decode(), entry_sha256(fields)
        if not found:
            break
    if not records:
        _check_nothing_skipped(client, shard, epoch, after)
        return None
    return Intake(epoch, after + 1, records, entry_id, digest)


def entry_digest(fields: dict[bytes, bytes]) -> bytes:
    """The entry's hash; of a damaged one, nothing that could match."""
    try:
        return entry_sha256(fields)
    except KeyError:
        return b""


def _entry(raw_id: bytes, fields: dict[bytes, bytes]) -> list[tuple[StreamRecord, bytes]]:
    """The entry's records. Raises ShardStoppedError when it cannot be read."""
    try:
        return read_entry(fields)
    except KeyError as fault:
        raise ShardStoppedError(f"entry {raw_id.decode()} is damaged: it has no field {fault}") from fault
    except (ValueError, struct.error) as fault:
        raise ShardStoppedError(f"entry {raw_id.decode()} is damaged: {fault}") from fault


def _checked_entry(
    shard: int, raw_id: bytes, fields: dict[bytes, bytes], number: int
) -> list[tuple[StreamRecord, bytes]]:
    """The entry's records, when they are whole and numbered on from `number`."""
    entry = _entry(raw_id, fields)
    last = parse_id(raw_id)[1]
    for record, _ in entry:
        if wrong := _impossible(shard, record):
            raise ShardStoppedError(f"entry {raw_id.decode()} is damaged: {wrong}")
    if not entry or last != number + len(entry):
        raise ShardStoppedError(
            f"entry {raw_id.decode()} holds {len(entry)} records, number {number + 1} should follow: some are missing"
        )
    return entry


def _check_nothing_skipped(client: redis.Redis, shard: int, epoch: int, after: int) -> None:
    """Nothing within reach must mean that there is nothing at all, not a hole; what came meanwhile is none."""
    found: Any = client.xrange(stream_key(shard), f"{epoch}-{after + 1}", f"{epoch}-{2**63}", count=1)
    if found and parse_id(found[0][0])[1] - len(_entry(*found[0])) != after:
        raise ShardStoppedError(f"number {after + 1} should follow, but the stream goes on at {found[0][0].decode()}")


def _impossible(shard: int, record: StreamRecord) -> str:
    """What of a record no capture can have written; empty for every other record."""
    if shard_of(record.terminal) != shard or not 1 <= record.terminal <= TERMINAL_MAX:
        return f"terminal {record.terminal}"
    if not 1 <= record.sequence <= SEQUENCE_MAX:
        return f"sequence {record.sequence}"
    if record.mark not in MARKS or record.type >= len(SALE_TYPES) or record.is_signed > 1:
        return f"mark {record.mark}, type {record.type}, {record.is_signed} signatures"
    if record.store > ID_MAX or record.retailer > ID_MAX:
        return f"store {record.store}"
    if record.received_at_ms > MOMENT_MAX_MS or abs(record.issued_at_ms // DAY_MS - CODE_EPOCH - record.day) > 1:
        return f"day {record.day}, issued at {record.issued_at_ms}, received at {record.received_at_ms}"
    return ""
