"""Tables of sums over the ledger's sales, as services keep them: what they hold, and one statement a table and block.

Two parts become one exactly, in any order. Table names stand without a schema, so that `manage.py rebuild` fills tables
of the same names elsewhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from django.apps import apps
from django.db import connection

from possys.arrays import BIGINT_MAX, BIGINT_MIN, TEXT, integer_array, register, text_array

Cursor = psycopg.Cursor[tuple[object, ...]]
Key = tuple[int | str, ...]
# The values of a row: the sums, then the smallest, then the largest ones, in a shape's order.
Rows = dict[Key, list[int]]
# The same by the names of the columns.
Columns = dict[str, npt.NDArray[np.int64] | Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Shape:
    """The columns of a table of sums. `model` is the model whose table it is, as "analytics.StoreDay"."""

    model: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    least: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in the order of a key and its row."""
        return self.keys + self.sums + self.least + self.greatest


def merged(shape: Shape, parts: Iterable[Rows]) -> Rows:
    """One part out of several: sums added, the smallest and the largest kept."""
    sums = len(shape.sums)
    least = sums + len(shape.least)
    made: Rows = {}
    for rows in parts:
        for key, row in rows.items():
            known = made.get(key)
            if known is None:
                made[key] = row.copy()
                continue
            for place, value in enumerate(row):
                if place < sums:
                    known[place] += value
                elif place < least:
                    known[place] = min(known[place], value)
                else:
                    known[place] = max(known[place], value)
    return made


def columns_of(shape: Shape, rows: Rows) -> Columns:
    """Rows as columns, ordered by their keys."""
    ordered = sorted(rows)
    if not ordered:
        return {}
    columns = [*zip(*ordered, strict=True), *zip(*[rows[key] for key in ordered], strict=True)]
    return dict(zip(shape.columns, columns, strict=True))


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
    meta = apps.get_model(shape.model)._meta
    found = [str(meta.get_field(name).db_type(connection)) for name in shape.columns]
    return tuple(TEXT if kind.startswith("varchar") else kind for kind in found)


@cache
def statement_of(shape: Shape) -> bytes:
    """The statement that adds rows to a table, one array a column."""
    table = apps.get_model(shape.model)._meta.db_table
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
