"""What the broker tells Prometheus of the workers: one round trip at each scrape."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from redis.exceptions import RedisError

from ledger.workers import read_workers


def worker_metrics() -> Iterator[Metric]:
    """All of it; that the broker is away is a figure, too."""
    try:
        found = read_workers()
    except (RedisError, OSError):
        found = None
    yield GaugeMetricFamily("possys_broker_up", "1 when Celery's broker answers.", value=int(found is not None))
    if found is None:
        return
    groups = GaugeMetricFamily(
        "possys_work_groups", "Groups of shards that the queue's workers share; the log is one.", labels=["queue"]
    )
    held = GaugeMetricFamily(
        "possys_work_groups_held", "Groups of shards that a worker of the queue works on now.", labels=["queue"]
    )
    queued = GaugeMetricFamily("possys_queue_messages", "Messages that no worker has taken yet.", labels=["queue"])
    for one in found.work:
        groups.add_metric([one.queue], one.groups)
        held.add_metric([one.queue], one.held)
    for queue, count in found.queued.items():
        queued.add_metric([queue], count)
    yield from (groups, held, queued)
