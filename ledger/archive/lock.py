"""One archive, restore or removal at a time: each would undo what another one writes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from ledger.shards import LOG_DATABASE

# Numbers the advisory lock; beside that under which days are made.
ARCHIVE_LOCK = 7_204_004


class ArchiveBusyError(RuntimeError):
    """Another of these commands is at work."""


@contextmanager
def archive_lock() -> Iterator[None]:
    """Holds the lock as long as this connection lives. Raises ArchiveBusyError."""
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ARCHIVE_LOCK])
        if cursor.fetchone() != (True,):
            raise ArchiveBusyError("another archive, restore or removal is at work; wait for it")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ARCHIVE_LOCK])
