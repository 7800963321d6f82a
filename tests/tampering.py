"""What a superuser can do to the database, for tests that must find it out."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper


@contextmanager
def triggers_off(alias: str = "default") -> Iterator[CursorWrapper]:
    """A cursor in a DB transaction in which no trigger fires, as only a superuser can have it."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
