"""Writes sums and rows into the roll-ups' tables: one statement a table and block.

Table names stand without a schema, so that `manage.py rebuild` fills tables of the same names elsewhere.
"""

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
from django.apps import apps
from django.db import connection

from analytics.arrays import BIGINT_MAX, BIGINT_MIN, INTEGERS, TEXT, integer_array, register, text_array
from analytics.rolling.receipts import SaleValues
from analytics.rolling.sums import Columns, Shape

Cursor = psycopg.Cursor[tuple[object, ...]]

COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
# The fields of a sale's row, each behind its length, up to the currency, and from the total up to the products: their
# length, then one dimension, no nulls, bigint, how many, from 1.
SALE_HEAD = struct.Struct(">h iq ii ii iq ih ih i3s".replace(" ", ""))
SALE_TAIL = struct.Struct(">iq iq ih ih i? i iiIii".replace(" ", ""))
ARRAY_HEAD_BYTES = 20
ELEMENT_BYTES = 12
BIGINT = INTEGERS["bigint"][0]
LENGTH_8 = struct.pack(">i", 8)


@contextmanager
def binary_cursor() -> Iterator[Cursor]:
    """A cursor that binds in the server, as binary arrays need it, in the DB transaction that is going on."""
    connection.ensure_connection()
    own: psycopg.Connection[tuple[object, ...]] = connection.connection
    cursor = psycopg.Cursor(own)
    register(cursor)
    with connection.wrap_database_errors, cursor:
        yield cursor


@cache
def types_of(shape: Shape) -> tuple[str, ...]:
    """The database's types of a shape's columns; every text is `text`, whatever its length."""
    meta = apps.get_model("analytics", shape.model)._meta
    found = [str(meta.get_field(name).db_type(connection)) for name in shape.columns]
    return tuple(TEXT if kind.startswith("varchar") else kind for kind in found)


@cache
def statement_of(shape: Shape) -> bytes:
    """The statement that adds rows to a table, one array a column."""
    table = apps.get_model("analytics", shape.model)._meta.db_table
    columns = ", ".join(f'"{name}"' for name in shape.columns)
    arrays = ", ".join(f"%b::{kind}[]" for kind in types_of(shape))
    kinds = dict(zip(shape.columns, types_of(shape), strict=True))
    changes = [f'"{name}" = {_sum_of(name, kinds[name])}' for name in shape.sums]
    changes += [f'"{name}" = LEAST(t."{name}", EXCLUDED."{name}")' for name in shape.least]
    changes += [f'"{name}" = GREATEST(t."{name}", EXCLUDED."{name}")' for name in shape.greatest]
    return (
        f'INSERT INTO "{table}" AS t ({columns}) SELECT * FROM unnest({arrays}) '  # noqa: S608
        f"ON CONFLICT ({', '.join(shape.keys)}) DO UPDATE SET {', '.join(changes)}"
    ).encode()


def _sum_of(name: str, kind: str) -> str:
    """A sum that stands at the limit of a bigint instead of passing it.

    A few sales whose amounts are as large as the format allows would pass it; an error would stop the figures of all
    retailers of the shard.
    """
    if kind != "bigint":
        return f't."{name}" + EXCLUDED."{name}"'
    room = f'LEAST(EXCLUDED."{name}", {BIGINT_MAX} - GREATEST(t."{name}", 0))'
    return f't."{name}" + GREATEST({room}, {BIGINT_MIN + 1} - LEAST(t."{name}", 0) - 1)'


def add_sums(cursor: Cursor, shape: Shape, columns: Columns) -> None:
    """Adds rows, which are ordered by their keys, to those that are there."""
    if columns and len(columns[shape.keys[0]]):
        arrays = [
            text_array(columns[name]) if kind == TEXT else integer_array(columns[name], kind)
            for name, kind in zip(shape.columns, types_of(shape), strict=True)
        ]
        cursor.execute(statement_of(shape), arrays)


def copy_sales(cursor: Cursor, rows: Iterable[SaleValues]) -> None:
    """Writes sales' own rows. Raises UniqueViolation when one is there already."""
    columns = ", ".join(f'"{name}"' for name in SaleValues._fields)
    with cursor.copy(f"COPY analytics_salerow ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.write(COPY_HEAD + b"".join([sale_row(row) for row in rows]) + COPY_END)


def sale_row(row: SaleValues) -> bytes:
    """One sale in binary COPY form."""
    identity, store, day, issued_at, hour, kind, currency, total, discounts, lines, methods, is_late, products = row
    count = len(products)
    head = SALE_HEAD.pack(
        13, 8, identity, 4, store, 4, day, 8, issued_at, 2, hour, 2, kind, 3, currency.encode()
    )  # fmt: skip
    dimensions = 1 if count else 0
    size = ARRAY_HEAD_BYTES + ELEMENT_BYTES * count if count else 12
    tail = SALE_TAIL.pack(
        8, total, 8, discounts, 2, lines, 2, methods, 1, is_late, size, dimensions, 0, BIGINT, count, 1
    )  # fmt: skip
    if not count:
        return head + tail[:-8]
    elements = b"".join([LENGTH_8 + product.to_bytes(8) for product in products])
    return head + tail + elements
