"""Empty copies of tables in a schema of their own, and their exchange with the tables that they are copies of.

A copy has the columns, constraints and indexes of its original under the same names, so that code which names no
schema fills the copies once they come first in the search path, and later migrations find every name that they expect.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

SCHEMA = "rebuild"
# The exchange waits so long for pages that are being read; then it gives way and is tried again.
LOCK_TIMEOUT_MS = 5000

COLUMNS = (
    "CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED "
    "INCLUDING STORAGE INCLUDING COMPRESSION INCLUDING COMMENTS)"
)
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'c', 'x', 'f')
ORDER BY contype = 'f', conname
"""
INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
"""
# What an exchange would lose: other tables' references, rules of its own, partitions.
OBSTACLES = """
SELECT 'table ' || conrelid::regclass || ' refers to it' FROM pg_constraint
WHERE contype = 'f' AND confrelid = %(table)s::regclass AND conrelid::regclass::text <> ALL (%(tables)s)
UNION ALL SELECT 'it has the trigger ' || tgname FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
UNION ALL SELECT 'it is partitioned, or no table' FROM pg_class WHERE oid = %(table)s::regclass AND relkind <> 'r'
"""


class CannotCopyError(RuntimeError):
    """A table cannot be exchanged; the message says why."""


def make_copies(tables: Sequence[str]) -> None:
    """Makes empty copies, what an earlier attempt left thrown away. Raises CannotCopyError."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(OBSTACLES, {"table": f"public.{table}", "tables": list(tables)})
            if obstacles := [text for (text,) in cursor.fetchall()]:
                raise CannotCopyError(f"{table} cannot be rebuilt: {'; '.join(obstacles)}")
        drop_copies()
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in tables:
            cursor.execute(COLUMNS.format(schema=SCHEMA, table=_quoted(table)))
        for table in tables:
            _copy_rules(cursor, table)


def _copy_rules(cursor: CursorWrapper, table: str) -> None:
    cursor.execute(CONSTRAINTS, [f"public.{table}"])
    constraints = cursor.fetchall()
    cursor.execute(INDEXES, [f"public.{table}"])
    indexes = [text for (text,) in cursor.fetchall()]
    with copies_first():
        for name, text in constraints:
            cursor.execute(f"ALTER TABLE {SCHEMA}.{_quoted(table)} ADD CONSTRAINT {_quoted(name)} {text}")
    for text in indexes:
        # PostgreSQL writes the table with its schema here, whatever the search path is.
        cursor.execute(text.replace(" ON public.", f" ON {SCHEMA}.", 1))


@contextmanager
def copies_first() -> Iterator[None]:
    """Inside the block a table's bare name is that of its copy, on Django's default connection."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {SCHEMA}, public")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET search_path")


def exchange(tables: Sequence[str]) -> None:
    """Puts the copies in the originals' places, which are dropped; inside the caller's DB transaction.

    Raises OperationalError when a table stays in use for longer than LOCK_TIMEOUT_MS.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        names = ", ".join(f"public.{_quoted(table)}" for table in tables)
        if names:
            cursor.execute(f"DROP TABLE {names}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {SCHEMA}.{_quoted(table)} SET SCHEMA public")


def drop_copies() -> None:
    """Throws the copies away, if there are any."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
