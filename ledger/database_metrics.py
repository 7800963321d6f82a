"""What the ledger's databases tell Prometheus: their days, those made ahead, and whether they could lose commits."""

from collections.abc import Iterator
from datetime import date, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from ledger.partitions import existing_days
from ledger.safety import unsafe_settings
from ledger.shards import databases
from possys.clock import now_ms, utc

TABLES = ("ledger_entry", "ledger_block")
LABELS = ["table"]


def days_ahead(days: set[date], today: date) -> int:
    """Days behind today that exist without a gap; -1 when not even today does."""
    ahead = -1
    while today + timedelta(days=ahead + 1) in days:
        ahead += 1
    return ahead


def least_days_ahead(table: str, today: date) -> int:
    """The same, of the database that has the fewest. Raises DatabaseError."""
    return min(days_ahead(existing_days(table, alias), today) for alias in databases())


def database_metrics() -> Iterator[Metric]:
    """Three queries of PostgreSQL's catalog for each of the ledger's databases. Raises DatabaseError."""
    today = utc(now_ms()).date()
    count = GaugeMetricFamily("possys_partitions", "Days that the table has in PostgreSQL.", labels=LABELS)
    ahead = GaugeMetricFamily(
        "possys_partitions_ahead",
        "Coming days that are made already, without a gap; -1 when today itself is missing.",
        labels=LABELS,
    )
    for table in TABLES:
        found = [existing_days(table, alias) for alias in databases()]
        count.add_metric([table], max(len(days) for days in found))
        ahead.add_metric([table], min(days_ahead(days, today) for days in found))
    yield from (count, ahead)
    yield GaugeMetricFamily(
        "possys_database_settings_safe",
        "1 when PostgreSQL's settings, for this process, can lose no commit; else the flush waits.",
        value=int(not any(unsafe_settings(alias) for alias in databases())),
    )
