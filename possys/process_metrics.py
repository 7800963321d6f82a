"""What the kernel tells Prometheus: which version answers, whether the cache does, and what all processes counted."""

import math
import platform
import tomllib
from collections.abc import Iterator
from functools import lru_cache

import django
from django.conf import settings
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from possys import alarm_lines, pulse
from possys.health import FINE, state_of

# What a sale can come to; each is there from the first scrape on, so that a rate of it is 0 and not absent.
OUTCOMES = ("accepted", "replayed", "conflict", "refused", "limited", "waiting", "denied")


def build_metrics() -> Iterator[Metric]:
    """The version that answers, and the cache server."""
    build = GaugeMetricFamily(
        "possys_build_info", "Always 1; what runs, in its labels.", labels=["version", "django", "python"]
    )
    build.add_metric([version(), django.get_version(), platform.python_version()], 1)
    yield build
    yield GaugeMetricFamily(
        "possys_cache_up",
        "1 when the cache server (CACHE_URL) answers. Without it nobody signs in, and rates are missing here.",
        value=int(state_of("cache").state == FINE),
    )


def pulse_metrics() -> Iterator[Metric]:
    """What the web and worker processes counted together. Raises RedisError, OSError."""
    counts = pulse.totals()
    requests = CounterMetricFamily(
        "possys_http_requests",
        "Requests that were answered, by part of the site and status.",
        labels=["area", "status"],
    )
    for labels, value in counts.by_labels("requests"):
        requests.add_metric([labels.get("area", ""), labels.get("status", "")], value)
    yield requests
    yield _histogram(
        "possys_http_request_duration_seconds",
        "How long requests took, inside this system.",
        counts,
        pulse.REQUEST_SECONDS,
        label="area",
    )
    yield from _capture(counts)
    alarms = CounterMetricFamily(
        "possys_alarm_lines", "Lines that begin with ALARM in the logs of all processes.", labels=["logger"]
    )
    # Something to compare the first one with: a counter that appears with its first line would be no increase.
    for logger, value in {"": 0.0, **counts.by_label(alarm_lines.COUNT, "logger")}.items():
        alarms.add_metric([logger], value)
    yield alarms
    yield CounterMetricFamily(
        "possys_flush_records", "Records that flushes moved into the ledger.", value=counts.value("flush_records")
    )
    yield CounterMetricFamily("possys_flush_blocks", "Blocks that flushes sealed.", value=counts.value("flush_blocks"))
    yield _histogram(
        "possys_flush_duration_seconds", "How long a flush that wrote something took.", counts, pulse.FLUSH_SECONDS
    )
    yield _histogram("possys_flush_batch_records", "Records that a flush wrote at once.", counts, pulse.FLUSH_RECORDS)


def _capture(counts: pulse.Counts) -> Iterator[Metric]:
    sales = CounterMetricFamily(
        "possys_capture_sales",
        "Sales that were sent, by what came of them; accepted, replayed and conflict are kept.",
        labels=["outcome"],
    )
    found = counts.by_label("capture_sales", "outcome")
    for outcome in dict.fromkeys((*OUTCOMES, *found)):
        sales.add_metric([outcome], found.get(outcome, 0.0))
    yield sales
    refusals = CounterMetricFamily(
        "possys_capture_refusals",
        "Sales that were not taken, by the problem that their tills were told and the first field that it names.",
        labels=["reason", "field"],
    )
    for labels, value in counts.by_labels("capture_refusals"):
        refusals.add_metric([labels.get("reason", ""), labels.get("field", "")], value)
    yield refusals
    yield CounterMetricFamily(
        "possys_capture_offline_sales",
        "Sales taken that were made while the till was offline.",
        value=counts.value("capture_offline_sales"),
    )
    yield CounterMetricFamily(
        "possys_capture_training_sales",
        "Sales taken that were for training: checked, and kept nowhere.",
        value=counts.value("capture_training_sales"),
    )


def _histogram(name: str, text: str, counts: pulse.Counts, histogram: pulse.Histogram, *, label: str = "") -> Metric:
    """A histogram, for each value of the label that was counted."""
    family = HistogramMetricFamily(name, text, labels=[label] if label else [])
    values = counts.by_label(histogram.name, label) if label else {"": 0.0}
    for value in values:
        found = counts.histogram(histogram, **({label: value} if label else {}))
        buckets = [(_written(bound), count) for bound, count in found.buckets]
        family.add_metric([value] if label else [], buckets, found.total)
    return family


def _written(bound: float) -> str:
    """A bucket's bound as Prometheus writes it."""
    return "+Inf" if math.isinf(bound) else repr(float(bound))


@lru_cache(maxsize=1)
def version() -> str:
    """This project's, as it was installed."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])
