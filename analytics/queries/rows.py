"""How queries are put to the database: SQL with named parameters, rows as tuples."""

from collections.abc import Mapping
from typing import Any

from django.db import connection


def rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """All rows of a query; lists are arrays in it (`store = ANY(%(stores)s)`)."""
    with connection.cursor() as cursor:
        cursor.execute(sql, _lists(parameters))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _lists(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The driver writes lists as arrays, and tuples as rows."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
