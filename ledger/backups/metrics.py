"""What Prometheus is told of backups: read from the database at each scrape."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from ledger.backups.models import BackupRun
from ledger.backups.queries import backup_state
from possys.clock import now_ms, utc

AGES = {
    BackupRun.Kind.BACKUP: ("possys_backup_age_seconds", "Since the last good backup ended; missing before the first."),
    BackupRun.Kind.DRILL: (
        "possys_backup_drill_age_seconds",
        "Since the last restore drill that was well ended; missing before the first.",
    ),
}


def backup_metrics() -> Iterator[Metric]:
    """All of it. Raises DatabaseError."""
    state, now = backup_state(), utc(now_ms())
    for kind, (name, text) in AGES.items():
        yield GaugeMetricFamily(name, text, value=state.age_s(kind, now))
    failed = GaugeMetricFamily("possys_backup_failed", "1 when the last run was not well.", labels=["kind"])
    for ended, run in state.last.items():
        failed.add_metric([ended], int(run is not None and not run.is_well))
    yield failed
    backup = state.last_well[BackupRun.Kind.BACKUP]
    size = None if backup is None else backup.bytes
    seconds = None if backup is None else (backup.ended_at - backup.started_at).total_seconds()
    yield GaugeMetricFamily("possys_backup_bytes", "The last good backup's size.", value=size)
    yield GaugeMetricFamily("possys_backup_seconds", "How long the last good backup took.", value=seconds)
    yield GaugeMetricFamily(
        "possys_wal_archive_behind_seconds",
        "Since a file of WAL was archived last; missing without an archive.",
        value=state.archive_behind_s if state.archives else None,
    )
    yield GaugeMetricFamily(
        "possys_wal_archive_failed",
        "1 when archive_command failed last; missing without an archive.",
        value=int(state.archive_fails) if state.archives else None,
    )
    behind = GaugeMetricFamily(
        "possys_wal_receiver_behind_bytes", "WAL that a receiver or standby does not have yet.", labels=["slot"]
    )
    active = GaugeMetricFamily("possys_wal_receiver_up", "1 while it is connected.", labels=["slot"])
    for slot in state.slots:
        behind.add_metric([slot.name], slot.behind_bytes)
        active.add_metric([slot.name], int(slot.is_active))
    yield from (behind, active)
