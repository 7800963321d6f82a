"""What the feed tells Prometheus of each consumer, read from the database at each scrape."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ledger.feeding.queries import services
from possys.clock import now_ms, utc

LABELS = ["consumer"]


def feed_metrics() -> Iterator[Metric]:
    """All of it. Raises DatabaseError."""
    now = utc(now_ms())
    blocks = GaugeMetricFamily(
        "possys_consumer_behind_blocks", "Sealed blocks that the consumer was not fed.", labels=LABELS
    )
    seconds = GaugeMetricFamily(
        "possys_consumer_behind_seconds",
        "How long the oldest block that the consumer lacks has waited; 0 when it lacks none. "
        "Missing while that block lies in the archive.",
        labels=LABELS,
    )
    sales = CounterMetricFamily("possys_consumer_sales", "Sales that the consumer was fed.", labels=LABELS)
    stopped = GaugeMetricFamily(
        "possys_consumer_stopped_shards", "Shards in which the consumer is stopped.", labels=LABELS
    )
    for one in services():
        blocks.add_metric([one.name], one.behind_blocks)
        if (behind := one.behind(now)) is not None:
            seconds.add_metric([one.name], behind.total_seconds())
        sales.add_metric([one.name], one.sales)
        stopped.add_metric([one.name], len(one.stops))
    yield from (blocks, seconds, sales, stopped)
