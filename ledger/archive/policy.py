"""Which days are to lie in the archive by now: ARCHIVE_AFTER_DAYS."""

from datetime import date, timedelta

from django.conf import settings

from ledger.partitions import existing_days
from ledger.shards import databases

TABLE = "ledger_block"


def due_before(today: date) -> date | None:
    """Days of sealing before this one belong into the archive; None when none ever does."""
    return today - timedelta(days=settings.ARCHIVE_AFTER_DAYS) if settings.ARCHIVE_AFTER_DAYS > 0 else None


def days_due(today: date) -> list[date]:
    """Those of them that are in PostgreSQL still. Raises DatabaseError."""
    before = due_before(today)
    if before is None:
        return []
    return sorted({day for alias in databases() for day in existing_days(TABLE, alias) if day < before})
