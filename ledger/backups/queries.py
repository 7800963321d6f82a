"""How old the last good backup and drill are, and how far the kept WAL is behind."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from ledger.backups.models import BackupRun
from ledger.shards import LOG_DATABASE
from possys.clock import lasting

# Readable for every role. Without a slot a synchronous receiver is seen only by its name in the settings.
WAL = """
SELECT current_setting('archive_mode') <> 'off',
       extract(epoch FROM now() - greatest(last_archived_time, stats_reset))::float,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
FROM pg_stat_archiver
"""
SLOTS = """
SELECT slot_name::text, active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
FROM pg_replication_slots WHERE slot_type = 'physical'
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """A receiver of the WAL, or a standby."""

    name: str
    is_active: bool
    behind_bytes: int


@dataclass(frozen=True, slots=True)
class BackupState:
    """What is known of backups; None where there never was one."""

    last: dict[str, BackupRun | None]
    last_well: dict[str, BackupRun | None]
    archives: bool
    archive_behind_s: float
    archive_fails: bool
    slots: list[Slot]

    def age_s(self, kind: str, now: datetime) -> float | None:
        """Since the last good run of a kind ended."""
        run = self.last_well[kind]
        return None if run is None else max(0.0, (now - run.ended_at).total_seconds())


@dataclass(frozen=True, slots=True)
class LastGood:
    """When the last good backup and the last drill that was well ended; None before the first."""

    backup_at: datetime | None
    drill_at: datetime | None

    def line(self, now: datetime) -> str:
        """How long ago, in words."""
        return f"last good one {_ago(self.backup_at, now)}, last drill {_ago(self.drill_at, now)}"


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{lasting(now - moment)} ago"


def last_good() -> LastGood:
    """Both, in two short queries. Raises DatabaseError."""
    ended = (
        BackupRun.objects.using(LOG_DATABASE).filter(is_well=True).order_by("-id").values_list("ended_at", flat=True)
    )
    return LastGood(ended.filter(kind=BackupRun.Kind.BACKUP).first(), ended.filter(kind=BackupRun.Kind.DRILL).first())


def backup_state() -> BackupState:
    """All of it, in six short queries. Raises DatabaseError."""
    runs = BackupRun.objects.using(LOG_DATABASE).order_by("-id")
    kinds = BackupRun.Kind.values
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute(WAL)
        archives, behind_s, fails = cursor.fetchone()
        cursor.execute(SLOTS)
        slots = [Slot(*row) for row in cursor.fetchall()]
    return BackupState(
        last={kind: runs.filter(kind=kind).first() for kind in kinds},
        last_well={kind: runs.filter(kind=kind, is_well=True).first() for kind in kinds},
        archives=archives,
        archive_behind_s=max(0.0, behind_s or 0.0),
        archive_fails=fails,
        slots=slots,
    )
