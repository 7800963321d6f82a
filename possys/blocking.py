"""Which steps of a migration would make sales or pages wait, or break the version that still runs beside it.

A deployment migrates first and exchanges the processes afterwards, so for some minutes the old version works on the new
schema (docs/deployment.md, "Migrations"). A migration may therefore add what the old version need not know, without
holding a lock for longer than a moment; it takes away only what the version before no longer used.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    CreateExtension,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import connections, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# What changes nothing in the database, makes new tables only, or was made to let others work meanwhile.
HARMLESS: tuple[type[Operation], ...] = (
    migrations.CreateModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterOrderWithRespectTo,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    AddConstraintNotValid,
    ValidateConstraint,
    CreateExtension,
)
# The version that still runs names what they take away or rename.
TAKING_AWAY: tuple[type[Operation], ...] = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
# Each builds an index, or reads the whole table, while nobody may write.
LOCKING: dict[type[Operation], str] = {
    migrations.AddIndex: "builds an index while nobody may write: AddIndexConcurrently, with atomic = False",
    migrations.AddConstraint: "reads the whole table while nobody may write: AddConstraintNotValid, then validate",
    migrations.AlterUniqueTogether: "builds an index while nobody may write",
}
SQL_TABLE = r"(?:ONLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:public\.)?\"?(\w+)\"?"
# Statements that hold a table for as long as it is large, and where each names its table.
LOCKING_SQL = (
    (re.compile(rf"\bALTER\s+TABLE\s+{SQL_TABLE}", re.IGNORECASE), "ALTER TABLE"),
    (
        re.compile(rf"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)[^;]*?\bON\s+{SQL_TABLE}", re.IGNORECASE),
        "CREATE INDEX",
    ),
    (re.compile(rf"\bDROP\s+TABLE\s+{SQL_TABLE}", re.IGNORECASE), "DROP TABLE"),
    (re.compile(rf"\bTRUNCATE\s+(?:TABLE\s+)?{SQL_TABLE}", re.IGNORECASE), "TRUNCATE"),
    (re.compile(rf"\bLOCK\s+TABLE\s+{SQL_TABLE}", re.IGNORECASE), "LOCK TABLE"),
    (re.compile(rf"(?<!FOR )(?<!OR )(?<!BEFORE )(?<!AFTER )\bUPDATE\s+{SQL_TABLE}\s+SET\b", re.IGNORECASE), "UPDATE"),
    (re.compile(rf"\bDELETE\s+FROM\s+{SQL_TABLE}", re.IGNORECASE), "DELETE"),
)
# Bodies of functions run later, and by themselves change nothing; a trigger is made in a moment.
LATER = re.compile(r"\$(\w*)\$.*?\$\1\$|\bCREATE\s+TRIGGER\b[^;]*?\bEXECUTE\b", re.DOTALL | re.IGNORECASE)


class Blocking(NamedTuple):
    """A step that would block or break: its migration as `app.name`, the table and why."""

    migration: str
    step: str
    why: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.step} {self.why}"


def blocking(*, database: str = "default", unapplied_only: bool = False) -> list[Blocking]:
    """Every such step in the project's own migrations, in the order in which they are applied."""
    executor = MigrationExecutor(connections[database] if unapplied_only else None)
    targets = executor.loader.graph.leaf_nodes()
    applied = set(executor.loader.applied_migrations) if unapplied_only else set()
    state = ProjectState(real_apps=executor.loader.unmigrated_apps)
    found: list[Blocking] = []
    for migration, _ in executor.migration_plan(targets, clean_start=True):
        is_looked_at = is_own(migration.app_label) and (migration.app_label, migration.name) not in applied
        found += steps_of(migration, state) if is_looked_at else []
        state = migration.mutate_state(state, preserve=False)
    return found


def is_own(app_label: str) -> bool:
    """Whether an app is of this project: what others ship is theirs to judge, and small here."""
    path = Path(apps.get_app_config(app_label).path)
    return path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts


def steps_of(migration: Migration, before: ProjectState) -> Iterator[Blocking]:
    """What blocks in one migration; `before` is every model as it was before it."""
    state, new = before.clone(), set[str]()
    for operation in flattened(migration.operations):
        if isinstance(operation, migrations.CreateModel):
            new |= {operation.name_lower, table_of(operation, migration.app_label)}
        for step, why in judged(operation, migration.app_label, state, new):
            yield Blocking(f"{migration.app_label}.{migration.name}", step, why)
        operation.state_forwards(migration.app_label, state)


def flattened(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The operations that touch the database."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from flattened(list(operation.database_operations))
        else:
            yield operation


def table_of(operation: migrations.CreateModel, app_label: str) -> str:
    """The table that is made."""
    return str(operation.options.get("db_table") or f"{app_label}_{operation.name_lower}")


def judged(operation: Operation, app_label: str, state: ProjectState, new: set[str]) -> Iterator[tuple[str, str]]:
    """The step and why it blocks; `new` are models and tables that this migration makes, which nobody uses yet."""
    model = str(getattr(operation, "model_name", getattr(operation, "name", ""))).lower()
    step = f"{type(operation).__name__} {model}".strip()
    if isinstance(operation, HARMLESS) or (model in new and not isinstance(operation, TAKING_AWAY)):
        return
    if isinstance(operation, migrations.RunSQL):
        yield from locking_sql(str(operation.sql), new)
    elif isinstance(operation, migrations.RunPython):
        yield "RunPython", "may read and write a whole table: a command that works in small DB transactions does it"
    elif isinstance(operation, TAKING_AWAY):
        yield step, "takes away what the version before may still use: a release after the last one that did"
    elif isinstance(operation, migrations.AddField):
        yield from ((f"{step}.{operation.name}", why) for why in added(operation.field))
    elif isinstance(operation, migrations.AlterField):
        old = state.models[app_label, model].fields[operation.name]
        yield from ((f"{step}.{operation.name}", why) for why in altered(old, operation.field))
    elif type(operation) in LOCKING:
        if getattr(operation, "unique_together", True):
            yield step, LOCKING[type(operation)]
    elif not isinstance(operation, migrations.RemoveIndex | migrations.RemoveConstraint | migrations.RenameIndex):
        yield step, "is an operation that nobody has judged: possys/blocking.py"


def added(field: models.Field[Any, Any]) -> Iterator[str]:
    """What is wrong with a new column of a table that is in use."""
    if isinstance(field, models.ManyToManyField):
        return
    has_default = field.db_default is not models.NOT_PROVIDED or isinstance(field, models.GeneratedField)
    if not field.null and not has_default:
        yield "has no value for what the version before inserts: null=True or db_default"
    if isinstance(field, models.GeneratedField):
        yield "writes the whole table anew"
    if is_indexed(field):
        yield "builds an index while nobody may write: without it, then AddIndexConcurrently"


def altered(old: models.Field[Any, Any], new: models.Field[Any, Any]) -> Iterator[str]:
    """What is wrong with the change of a column."""
    before, after = type_of(old), type_of(new)
    is_longer = (
        isinstance(old, models.CharField)
        and isinstance(new, models.CharField)
        and (new.max_length is None or (old.max_length or 0) <= new.max_length)
    )
    if before != after and not is_longer:
        yield f"changes {before} to {after}: writes the whole table anew, and the version before reads another type"
    if old.null and not new.null:
        yield "reads the whole table while nobody may write: a check constraint NOT VALID first"
    if (old.db_column or "") != (new.db_column or ""):
        yield "renames the column: the version before names the old one"
    if (new.unique and not old.unique) or (is_indexed(new) and not is_indexed(old)):
        yield "builds an index while nobody may write"


def is_indexed(field: models.Field[Any, Any]) -> bool:
    """Whether a column has an index of its own."""
    return field.unique or bool(getattr(field, "db_index", False))


def type_of(field: models.Field[Any, Any]) -> str | None:
    """A column's type; a foreign key's is its target's."""
    remote = field.remote_field
    if remote is not None:
        return f"a key of {remote.model if isinstance(remote.model, str) else remote.model._meta.label}".lower()
    return field.db_type(connections["default"])


def locking_sql(sql: str, new: set[str]) -> Iterator[tuple[str, str]]:
    """Statements that hold a table which the migration has not made itself."""
    plain = LATER.sub("", sql)
    for pattern, name in LOCKING_SQL:
        for table in pattern.findall(plain):
            if table.lower() not in new:
                yield f"RunSQL {name} {table}", "holds the table while it works"
