"""Metrics for Prometheus at /metrics: apps register what they can tell, and are asked at each scrape.

Nothing is counted in this process's memory: several processes serve the site, and whichever is scraped must say the
same. What many processes count together is in the cache server (possys/pulse.py); all else is read where it lies.

A scrape stays cheap and never fails as a whole. A source that fails is told as a metric of its own; those that need the
database are not asked while it is away, so that nobody waits for it a dozen times; and what would have to be counted in
a table of millions is remembered for some minutes (`kept`).
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from possys.health import AWAY, state_of
from possys.watchers import may_watch

logger = logging.getLogger(__name__)

UP = "possys_metrics_source_up"
UP_HELP = "1 when this source of metrics could be read at this scrape, else 0: its other metrics are missing then."
SECONDS = "possys_metrics_source_seconds"
# Below a scrape's time-out, and above what a busy machine takes to open a connection.
PATIENCE_S = 4.0
SECONDS_HELP = "How long reading this source took at this scrape."


@dataclass(frozen=True, slots=True)
class _Source:
    """What tells some metrics, and whether it asks the database for them."""

    read: Callable[[], Iterable[Metric]]
    needs_database: bool


_sources: dict[str, _Source] = {}
# What `kept` remembers while the cache is away: until when (monotonic seconds), and what.
_kept: dict[str, tuple[float, Any]] = {}


def register(source: str, read: Callable[[], Iterable[Metric]], *, needs_database: bool = False) -> None:
    """Has `read` called at each scrape; it may fail, which is told as a metric of its own."""
    _sources[source] = _Source(read, needs_database)


def kept(name: str, read: Callable[[], Any], *, for_s: int) -> Any:
    """What `read` answers, read again after that many seconds: by one process for all, or by each without a cache.

    What it answers must be something that can be kept in a cache, and not None. Raises what `read` raises.
    """
    key = f"metrics:{name}"
    try:
        if (known := cache.get(key)) is None:
            known = read()
            cache.set(key, known, for_s)
        return known
    except (RedisError, OSError):
        until_s, known = _kept.get(name, (0.0, None))
        if time.monotonic() >= until_s:
            known = read()
            _kept[name] = (time.monotonic() + for_s, known)
        return known


class _Sources(Collector):
    """All of them; one that fails takes no other's metrics away."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(UP, UP_HELP, labels=["source"])
        seconds = GaugeMetricFamily(SECONDS, SECONDS_HELP, labels=["source"])
        asks_database = any(source.needs_database for source in _sources.values())
        is_database_away = asks_database and state_of("database", within_s=PATIENCE_S).state == AWAY
        for name, source in _sources.items():
            if source.needs_database and is_database_away:
                up.add_metric([name], 0)
                continue
            began_s = time.monotonic()
            try:
                metrics = list(source.read())
            # Whatever it is, the others' metrics must come through, and this one's absence with them.
            except Exception:
                logger.warning("the metrics of %s cannot be read", name, exc_info=True)
                metrics = []
                up.add_metric([name], 0)
            else:
                up.add_metric([name], 1)
            seconds.add_metric([name], time.monotonic() - began_s)
            yield from metrics
        yield from (up, seconds)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every source's metrics as text. Raises Http404 where no METRICS_TOKEN is set, but in local work."""
    if not settings.METRICS_TOKEN and not settings.LOCAL_WORK:
        raise Http404
    if not may_watch(request):
        return HttpResponse(
            "The token of METRICS_TOKEN is needed.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    registry = CollectorRegistry()
    registry.register(_Sources())
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"}
    )
