"""Notes how backups and drills ended."""

import logging
from datetime import datetime

from django.db import DatabaseError

from ledger.backups.models import BackupRun
from ledger.shards import LOG_DATABASE
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)


def note(
    kind: BackupRun.Kind, *, started_at: datetime, is_well: bool, name: str = "", size: int = 0, said: str = ""
) -> None:
    """Keeps a run's end. Where the database is away, the run's own exit code is all there is."""
    try:
        BackupRun.objects.using(LOG_DATABASE).create(
            kind=kind,
            started_at=started_at,
            ended_at=utc(now_ms()),
            is_well=is_well,
            name=name,
            bytes=size,
            said=said,
        )
    except DatabaseError as fault:
        logger.error("this run is not noted in the database: %s", fault)
