"""Daily partitions on the stock PostgreSQL backend: a migration operation, and the function that makes days.

No DEFAULT partition: it would take rows silently and block the day's own partition later. A day is made as a
stand-alone table and then attached, so that the parent is locked for a moment only. That is done in the database by
`ledger_make_day` (migration 0003), a function with its owner's rights, because the flush may make no tables.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import connections, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from ledger.shards import databases

# Numbers the advisory lock under which `ledger_make_day` works: two flushes that race for a new day make it once.
# Whoever takes days away holds it, too.
DAYS_LOCK = 7_204_002


class CreatePartitionedModel(migrations.CreateModel):
    """A CreateModel whose table is PARTITION BY RANGE (by) with the given primary key columns.

    Django goes on to see the model's own primary key; a unique key in PostgreSQL must hold the partition's column.
    """

    def __init__(self, *args: Any, by: str = "", key: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.key = tuple(key)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Keeps `by` and `key` in a squashed migration."""
        name, args, kwargs = super().deconstruct()
        return name, list(args), {**kwargs, "by": self.by, "key": self.key}

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Creates the parent table; it has no rows of its own and needs days before it takes any."""
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        sql, params = schema_editor.table_sql(model)
        quote = schema_editor.connection.ops.quote_name
        columns = ", ".join(quote(column) for column in self.key)
        sql = sql.replace(" PRIMARY KEY", "", 1).rstrip().removesuffix(")")
        schema_editor.execute(f"{sql}, PRIMARY KEY ({columns})) PARTITION BY RANGE ({quote(self.by)})", params or None)


def partition_name(table: str, day: date) -> str:
    """The table of one day."""
    return f"{table}_{day:%Y%m%d}"


def existing_days(table: str, alias: str) -> set[date]:
    """The days that a table has."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT right(child.relname, 8) FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = %s::regclass",
            [table],
        )
        return {date(int(name[:4]), int(name[4:6]), int(name[6:])) for (name,) in cursor.fetchall()}


def make_days(table: str, days: Iterable[date], alias: str) -> int:
    """Makes the days that are missing, each in a short DB transaction of its own; answers how many were made.

    Raises RuntimeError inside another transaction (the days would not outlive its rollback) and OperationalError when
    the table stays locked.
    """
    connection = connections[alias]
    if connection.in_atomic_block:
        raise RuntimeError("days are made outside a DB transaction")
    made = 0
    for day in sorted(set(days) - existing_days(table, alias)):
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_make_day(%s, %s)", [table, day])
            made += bool(cursor.fetchone()[0])
    return made


def make_days_ahead(today: date, *, ahead: int, window: int = 0) -> int:
    """Makes the partitions of the coming days (and of `window` days back) where they are missing."""
    days = [today + timedelta(days=offset) for offset in range(-window, ahead + 1)]
    made = 0
    for alias in databases():
        made += make_days("ledger_entry", days, alias) + make_days("ledger_block", days, alias)
    return made
