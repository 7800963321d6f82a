"""What Prometheus is told of the archive: whether its policy is kept."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from ledger.archive.policy import days_due
from possys.clock import now_ms, utc


def archive_metrics() -> Iterator[Metric]:
    """One query of PostgreSQL's catalog. Raises DatabaseError."""
    due = days_due(utc(now_ms()).date())
    yield GaugeMetricFamily(
        "possys_archive_due", "Days that ARCHIVE_AFTER_DAYS wants in the archive and that are not.", value=len(due)
    )
