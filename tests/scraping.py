"""Scrapes /metrics as Prometheus does."""

import time
from collections.abc import Callable

from django.core.cache import cache
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from possys import health, pulse

# The thread that pushes counts may just have some in its hands.
PUSHED_LIMIT_S = 10.0


def scrape_text(**headers: str) -> str:
    """The exposition, as a scraper would get it that had not asked for minutes: nothing is remembered."""
    for probe in health._probes.values():
        probe._seen = None
    cache.delete_many(["metrics:terminals", "metrics:findings"])
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def scrape(**headers: str) -> dict[str, dict[str, float]]:
    """Each metric's values by its labels' values, as a scraper reads them."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(scrape_text(**headers)):
        for sample in family.samples:
            found.setdefault(sample.name, {})[",".join(sample.labels.values())] = sample.value
    return found


def scrape_when(is_there: Callable[[dict[str, dict[str, float]]], bool]) -> dict[str, dict[str, float]]:
    """A scrape once this process's counts have reached the cache server, or else the last one."""
    limit = time.monotonic() + PUSHED_LIMIT_S
    while True:
        pulse.push()
        found = scrape()
        if is_there(found) or time.monotonic() > limit:
            return found
        time.sleep(0.05)
