"""Reads blocks and entries as they are kept: out of PostgreSQL, and blocks of archived days out of their files."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from django.db import connections
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

from ledger.archive.packs import blocks_between
from ledger.models import Block, block_key
from ledger.shards import database_for
from ledger.verification.rows import NAMES, Rows, read_arrays

BLOCK_COLUMNS = (
    "id, shard, number, sealed_on, sealed_at, epoch, first_number, count, raw_bytes, header, header_hash, body"
)
# One array a column: PostgreSQL sends a hundred thousand rows as ten values, which costs the reader nothing a row.
ENTRY_ARRAYS = ", ".join(f"array_agg({name})" for name in NAMES)
BOUND = re.compile(r"'(\d{4}-\d\d-\d\d)'")
ARRAY_TYPES = ("int8", "int4", "int2", "date", "timestamptz")


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block's row: its columns, header and body as they are kept; nothing of it is believed yet."""

    id: int
    shard: int
    number: int
    sealed_on: date
    sealed_at: datetime
    epoch: int
    first_number: int
    count: int
    raw_bytes: int
    header: bytes
    header_hash: bytes
    body: bytes


class _AsSent(Loader):
    """Leaves an array as the bytes that PostgreSQL sent."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


@contextmanager
def binary_cursor(alias: str) -> "Iterator[psycopg.Cursor[tuple[object, ...]]]":
    """A cursor whose results come in binary: a body takes half the bytes, and entries' arrays stay as sent."""
    connection = connections[alias]
    connection.ensure_connection()
    own: psycopg.Connection[tuple[object, ...]] = connection.connection
    # Django's own cursors bind in the client, which binary results do not go with.
    cursor = psycopg.Cursor(own)
    cursor.format = Format.BINARY
    for name in ARRAY_TYPES:
        cursor.adapters.register_loader(psycopg.adapters.types[name].array_oid, _AsSent)
    with connection.wrap_database_errors, cursor:
        yield cursor


def read_blocks(shard: int, first: int, last: int) -> list[StoredBlock]:
    """The blocks with these numbers in order, those of archived days among them; one that is kept twice comes twice.

    Raises DatabaseError, also when an archived day's file cannot be read.
    """
    with binary_cursor(database_for(shard)) as cursor:
        cursor.execute(
            f"SELECT {BLOCK_COLUMNS} FROM ledger_block WHERE id BETWEEN %s AND %s ORDER BY id, sealed_on".encode(),  # noqa: S608
            [block_key(shard, first), block_key(shard, last)],
        )
        found = [StoredBlock(*row) for row in cursor]  # type: ignore[arg-type]
    known = {block.number for block in found}
    if len(known) <= last - first:
        archived = (StoredBlock(*block) for block in blocks_between(shard, first, last))
        found.extend(block for block in archived if block.number not in known)
        found.sort(key=lambda block: block.number)
    return found


def header_of(shard: int, number: int) -> bytes | None:
    """One block's header alone, as it is kept; None when there is no such block."""
    rows = Block.objects.using(database_for(shard)).filter(id=block_key(shard, number))
    header = rows.values_list("header", flat=True).first()
    if header is not None:
        return bytes(header)
    return next((block.header for block in blocks_between(shard, number, number)), None)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: the days from `first` to `end`, which is left out, and how many pages it has now."""

    name: str
    first: date
    end: date
    pages: int


def partitions_of(alias: str, table: str) -> list[Partition]:
    """All partitions of a table, by the bounds that PostgreSQL keeps and not by their names, in order of their days."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT child.relname, pg_get_expr(child.relpartbound, child.oid), "
            "pg_relation_size(child.oid) / current_setting('block_size')::int "
            "FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = %s::regclass",
            [table],
        )
        rows = cursor.fetchall()
    found = []
    for name, bound, pages in rows:
        days = BOUND.findall(bound)
        # One without days, a default partition, is no work of ours; whatever is in it belongs to all days.
        first, end = (date.fromisoformat(day) for day in days) if len(days) == 2 else (date.min, date.max)
        found.append(Partition(name, first, end, pages))
    return sorted(found, key=lambda one: (one.first, one.name))


def read_entries(alias: str, source: str, parameters: Sequence[object] = ()) -> Rows:
    """The entries of `FROM {source}`. Raises RowsError when they have not the form of entries."""
    with binary_cursor(alias) as cursor:
        cursor.execute(f"SELECT {ENTRY_ARRAYS} FROM {source}".encode(), parameters or None)  # noqa: S608
        row = cursor.fetchone()
    return read_arrays(row or ())  # type: ignore[arg-type]
