"""COPY of many rows in PostgreSQL's text form: what is the same in every row is written once."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.models import Field


def _others(model: Any, varying: Sequence[str]) -> "list[Field[Any, Any]]":
    """The columns that are the same in every row, but for keys that the database gives."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.attname not in varying and not (field.primary_key and field.attname == "id")
    ]


def constants(model: Any, varying: Sequence[str], given: dict[str, str]) -> str:
    """The end of every row: the other columns, given or with their defaults."""
    values = [given.get(field.attname, field.get_default()) for field in _others(model, varying)]
    return "".join(f"\t{_text(value)}" for value in values) + "\n"


def copy_rows(cursor: CursorWrapper, model: Any, varying: Sequence[str], lines: Sequence[str]) -> None:
    """Writes rows: the varying columns of each, separated by tabs, with the constants' end. Raises IntegrityError."""
    if not lines:
        return
    columns = ", ".join(f'"{name}"' for name in (*varying, *(field.attname for field in _others(model, varying))))
    # Django wraps the errors of statements, not of COPY, by itself.
    with cursor.db.wrap_database_errors, cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as copy:
        copy.write("".join(lines))


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return escaped(str(value))


def escaped(text: str) -> str:
    """A text as a column of a row."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
