"""What the findings tell Prometheus: how many wait for people, by kind."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric

from findings.models import Finding
from possys import metrics

# Judges go round once a minute; hundreds of thousands of open findings take some tenths of a second to count.
KEPT_S = 60


def finding_metrics() -> Iterator[Metric]:
    """Findings that are open or answered, as of the last minute. Raises DatabaseError."""
    counts: dict[str, int] = metrics.kept("findings", open_counts, for_s=KEPT_S)
    found = GaugeMetricFamily(
        "possys_findings_open", "Findings that wait for somebody, as of a minute ago at most.", labels=["kind"]
    )
    for kind in Finding.Kind.values:
        found.add_metric([kind], counts.get(kind, 0))
    yield found


def open_counts() -> dict[str, int]:
    """Findings that are not closed, by kind: one query by the partial index of those that wait."""
    rows = Finding.objects.filter(closed_at__isnull=True).order_by().values_list("kind").annotate(Count("id"))
    return dict(rows)
