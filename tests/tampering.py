"""Changing what the ledger refuses to change, as a superuser can: for damage on purpose and for emptying."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connections
from django.db.backends.utils import CursorWrapper


@contextmanager
def triggers_off(alias: str = "default") -> Iterator[CursorWrapper]:
    """A cursor of the alias's own connection; no trigger fires on that connection inside the block.

    The connection must be a superuser's. What Django's models do inside the block is free of triggers, too.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            # Behind an error inside a DB transaction nothing can be set; its rollback takes the setting back.
            with suppress(DatabaseError):
                cursor.execute("SET session_replication_role = DEFAULT")
