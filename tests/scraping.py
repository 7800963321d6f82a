"""Scrapes /metrics as Prometheus does."""

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


def scrape(**headers: str) -> dict[str, dict[str, float]]:
    """Each metric's values by its labels' values, as a scraper reads them."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[",".join(sample.labels.values())] = sample.value
    return found
