"""What waits in the capture store as plain rows in binary COPY form, and tables like the ledger's to COPY them into."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection

from ledger.blocks import RECORDS_MAX
from ledger.copying import COPY_END, COPY_HEAD, POSTGRES_EPOCH, entry_row
from ledger.flush import SHARDS_MAX
from ledger.intake import read_next
from ledger.models import Head, identity_of
from ledger.partitions import existing_days
from ledger.records import assemble, received_at_text
from transactions.service import stores
from transactions.stream import StreamRecord

NARROW, WIDE = "bench_narrow", "bench_wide"
# As many rows a DB transaction as the flush takes.
TRANSACTION_ROWS = SHARDS_MAX * RECORDS_MAX
FIELDS = struct.Struct(">h")
LENGTH = struct.Struct(">i")
ENTRY_FIELDS = 10


@dataclass(slots=True)
class Payloads:
    """Whole COPY streams, one a DB transaction; named like the tables they go to."""

    records: int = 0
    bench_narrow: list[bytes] = field(default_factory=list)
    bench_wide: list[bytes] = field(default_factory=list)


def make_tables() -> None:
    """Tables with the ledger's columns, key and days; the wide one also has the record's bytes."""
    days = sorted(existing_days("ledger_entry", "default"))
    with connection.cursor() as cursor:
        for table in (NARROW, WIDE):
            cursor.execute(f"CREATE TABLE {table} (LIKE ledger_entry INCLUDING ALL) PARTITION BY RANGE (issued_on)")
            if table == WIDE:
                cursor.execute(f"ALTER TABLE {table} ADD COLUMN record bytea NOT NULL")
            for day in days:
                cursor.execute(
                    f"CREATE TABLE {table}_{day:%Y%m%d} PARTITION OF {table} "
                    f"FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
                )


def payloads(shards: Iterable[int]) -> Payloads:
    """Everything that waits in these shards, without taking it."""
    made = Payloads()
    narrow: list[bytes] = []
    wide: list[bytes] = []
    sealed_day = (date.today() - POSTGRES_EPOCH).days  # noqa: DTZ011 - any day will do
    for head in Head.objects.filter(shard__in=shards):
        number, block = head.number, head.block + 1
        for place, (record, sale) in enumerate(_waiting(head)):
            row = entry_row(
                identity_of(record.terminal, record.sequence), record.total, record.issued_at_ms, record.day,
                sealed_day, block, record.store, head.shard, place % RECORDS_MAX, record.type,
            )  # fmt: skip
            content = assemble(
                shard=head.shard, epoch=head.epoch, number=number + 1 + place,
                received_at=received_at_text(record.received_at_ms), code=record.code,
                retailer=record.retailer, store=record.store, sale=sale,
            )  # fmt: skip
            narrow.append(row)
            wide.append(FIELDS.pack(ENTRY_FIELDS + 1) + row[FIELDS.size :] + LENGTH.pack(len(content)) + content)
            made.records += 1
            if len(narrow) == TRANSACTION_ROWS:
                _close(made, narrow, wide)
    _close(made, narrow, wide)
    return made


def _close(made: Payloads, narrow: list[bytes], wide: list[bytes]) -> None:
    if narrow:
        made.bench_narrow.append(COPY_HEAD + b"".join(narrow) + COPY_END)
        made.bench_wide.append(COPY_HEAD + b"".join(wide) + COPY_END)
        narrow.clear()
        wide.clear()


def _waiting(head: Head) -> Iterator[tuple[StreamRecord, bytes]]:
    """The shard's records behind the head, read as the flush reads them; the head moves in memory only."""
    client = stores().store_for(head.shard)
    while intake := read_next(client, head):
        yield from intake.records
        head.epoch, head.number = intake.epoch, intake.first_number + len(intake.records) - 1
        head.entry_id, head.entry_sha256 = intake.entry_id, intake.entry_sha256
