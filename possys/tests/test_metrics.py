"""/metrics: who may read it, and that one source's failure is told and takes no other's metrics away."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from prometheus_client.core import GaugeMetricFamily, Metric

from possys import metrics
from tests.scraping import scrape

TOKEN = "a-token-for-prometheus"


@pytest.fixture(autouse=True)
def _one_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a source of this test's own."""
    monkeypatch.setattr(metrics, "_sources", {})
    metrics.register("tills", lambda: [GaugeMetricFamily("possys_tills", "Tills.", value=3)])


def test_only_the_tokens_holder_reads_them(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
    for authorization in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer", "Bearer ü"):
        answer = Client().get("/metrics", headers={"Authorization": authorization})
        assert answer.status_code == 401
        assert b"possys_" not in answer.content
    assert scrape(Authorization=f"Bearer {TOKEN}")["possys_tills"] == {"": 3}


def test_without_a_token_they_are_there_in_local_work_only(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = ""
    assert scrape()["possys_tills"] == {"": 3}
    settings.LOCAL_WORK = False
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_they_are_only_read_and_never_cached() -> None:
    assert Client().post("/metrics").status_code == 405
    assert Client().get("/metrics").headers["Cache-Control"] == "no-store"


def test_a_source_that_fails_halfway_takes_no_other_away() -> None:
    def broken() -> Iterator[Metric]:
        yield GaugeMetricFamily("possys_half", "Half.", value=1)
        raise RuntimeError("this source is broken")

    metrics.register("broken", broken)
    assert scrape() == {
        "possys_tills": {"": 3},
        "possys_metrics_source_up": {"tills": 1, "broken": 0},
    }
