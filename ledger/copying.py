"""COPY of blocks, entries and marks in PostgreSQL's binary form: the narrow rows that the flush writes most of."""

import struct
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.backends.utils import CursorWrapper

from ledger.models import MarkedRecord

# PostgreSQL counts days and microseconds from 2000-01-01.
POSTGRES_EPOCH = date(2000, 1, 1)
POSTGRES_EPOCH_MS = 946_684_800_000
# Receipt codes count days from 2020-01-01.
CODE_EPOCH_DAYS = (date(2020, 1, 1) - POSTGRES_EPOCH).days

COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
ENTRY_COLUMNS = "identity, total, issued_at, issued_on, sealed_on, block, store, shard, position, type"
# Ten fields, each behind its length: three of 8 bytes, four of 4, three of 2.
ENTRY_ROW = struct.Struct(">h" + "iq" * 3 + "ii" * 4 + "ih" * 3)
BLOCK_COLUMNS = (
    "id, shard, number, sealed_on, sealed_at, epoch, first_number, count, raw_bytes, header, header_hash, body"
)
BLOCK_TYPES = ("int8", "int2", "int8", "date", "timestamptz", "int4", "int8", "int4", "int4", "bytea", "bytea", "bytea")


def entry_row(  # noqa: PLR0913 - a row's own columns
    identity: int,
    total: int,
    issued_at_ms: int,
    code_day: int,
    sealed_day: int,
    block: int,
    store: int,
    shard: int,
    position: int,
    kind: int,
) -> bytes:
    """One entry in binary COPY form; `code_day` counts from 2020-01-01, `sealed_day` from 2000-01-01."""
    issued_at_us = (issued_at_ms - POSTGRES_EPOCH_MS) * 1000
    return ENTRY_ROW.pack(
        10, 8, identity, 8, total, 8, issued_at_us, 4, code_day + CODE_EPOCH_DAYS, 4, sealed_day, 4, block, 4, store,
        2, shard, 2, position, 2, kind,
    )  # fmt: skip


def copy_entries(cursor: CursorWrapper, rows: Iterable[bytes]) -> None:
    """Writes entries. Raises UniqueViolation (as Django's IntegrityError) when a sale is in the ledger already."""
    command = f"COPY ledger_entry ({ENTRY_COLUMNS}) FROM STDIN (FORMAT BINARY)"
    # Django wraps the errors of statements, not of COPY, by itself.
    with cursor.db.wrap_database_errors, cursor.copy(command) as copy:
        copy.write(COPY_HEAD + b"".join(rows) + COPY_END)


def copy_blocks(cursor: CursorWrapper, rows: Iterable[tuple[object, ...]]) -> None:
    """Writes blocks; a row's values in the order of BLOCK_COLUMNS."""
    command = f"COPY ledger_block ({BLOCK_COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with cursor.db.wrap_database_errors, cursor.copy(command) as copy:
        copy.set_types(BLOCK_TYPES)
        for row in rows:
            copy.write_row(row)


def write_marks(alias: str, rows: Sequence[MarkedRecord]) -> None:
    """Writes marks, which are few."""
    if rows:
        MarkedRecord.objects.using(alias).bulk_create(rows)
