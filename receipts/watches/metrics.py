"""What the outbox tells Prometheus: two short queries at each scrape, each by an index of what it counts."""

from collections.abc import Iterator

from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily, Metric

from possys.clock import now_ms, utc
from receipts.watches.models import Mail


def mail_metrics() -> Iterator[Metric]:
    """All of it. Raises DatabaseError."""
    waiting = Mail.objects.filter(state=Mail.State.WAITING).aggregate(count=Count("pk"), oldest=Min("written_at"))
    failed = Mail.objects.filter(state=Mail.State.FAILED).count()
    oldest = waiting["oldest"]
    wait_s = 0.0 if oldest is None else max(0.0, (utc(now_ms()) - oldest).total_seconds())
    yield GaugeMetricFamily("possys_mails_waiting", "Mails in the outbox.", value=waiting["count"])
    yield GaugeMetricFamily("possys_mails_failed", "Mails that were given up.", value=failed)
    yield GaugeMetricFamily(
        "possys_mail_wait_seconds", "How long the oldest mail has waited; 0 when none waits.", value=wait_s
    )
