"""Metrics for Prometheus at /metrics: apps register what they can tell, and are asked at each scrape.

Nothing is counted in memory: several processes serve the site, and whichever is scraped must say the same.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from hmac import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

UP = "possys_metrics_source_up"
UP_HELP = "1 when this source of metrics could be read at this scrape, else 0: its other metrics are missing then."

_sources: dict[str, Callable[[], Iterable[Metric]]] = {}


def register(source: str, read: Callable[[], Iterable[Metric]]) -> None:
    """Has `read` called at each scrape; it may fail, which is told as a metric of its own."""
    _sources[source] = read


class _Sources(Collector):
    """All of them; one that fails takes no other's metrics away."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(UP, UP_HELP, labels=["source"])
        for source, read in _sources.items():
            try:
                metrics = list(read())
            # Whatever it is, the others' metrics must come through, and this one's absence with them.
            except Exception:
                logger.warning("the metrics of %s cannot be read", source, exc_info=True)
                metrics = []
                up.add_metric([source], 0)
            else:
                up.add_metric([source], 1)
            yield from metrics
        yield up


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every source's metrics as text. Raises Http404 where no METRICS_TOKEN is set, but in local work."""
    if not settings.METRICS_TOKEN and not settings.LOCAL_WORK:
        raise Http404
    if not may_read(request):
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


def may_read(request: HttpRequest) -> bool:
    """Whether the request comes with METRICS_TOKEN; without such a token, in local work only."""
    if not settings.METRICS_TOKEN:
        return bool(settings.LOCAL_WORK)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
