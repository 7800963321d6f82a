"""/metrics: who may read it, and that one source's failure is told and takes no other's metrics away."""

import logging
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from prometheus_client.core import GaugeMetricFamily, Metric

from possys import metrics, pulse
from possys.process_metrics import build_metrics, pulse_metrics
from tests.scraping import scrape, scrape_when

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
    found = scrape()
    assert list(found) == ["possys_tills", "possys_metrics_source_up", "possys_metrics_source_seconds"]
    assert found["possys_tills"] == {"": 3}
    assert found["possys_metrics_source_up"] == {"tills": 1, "broken": 0}


def test_what_is_dear_to_count_is_counted_once_for_a_while_also_without_a_cache(settings: LazySettings) -> None:
    counted: list[int] = []

    def count() -> int:
        counted.append(1)
        return len(counted)

    cache.delete("metrics:dear")
    assert [metrics.kept("dear", count, for_s=60) for _ in range(3)] == [1, 1, 1]
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/1"}}
    assert [metrics.kept("dear", count, for_s=60) for _ in range(3)] == [2, 2, 2]
    metrics._kept.clear()


def test_what_all_processes_counted_is_told_with_its_distributions() -> None:
    metrics.register("pulse", pulse_metrics)
    before = {"possys_http_requests_total": {}, **scrape()}
    for seconds in (0.004, 0.2):
        pulse.add("requests", area="capture", status="201")
        pulse.observe(pulse.REQUEST_SECONDS, seconds, area="capture")
    pulse.add("capture_sales", 2, outcome="accepted")
    pulse.add("capture_refusals", reason="sale-refused", field="/total")
    pulse.add("capture_refusals", reason="sale-refused", field="/lines")
    pulse.observe(pulse.FLUSH_RECORDS, 300)
    requests, sent = "possys_http_requests_total", "capture,201"
    found = scrape_when(lambda found: found[requests].get(sent, 0) >= before[requests].get(sent, 0) + 2)

    def more(name: str, labels: str) -> float:
        return found[name][labels] - before.get(name, {}).get(labels, 0)

    assert more(requests, sent) == 2
    assert more("possys_http_request_duration_seconds_bucket", "capture,0.005") == 1
    assert more("possys_http_request_duration_seconds_bucket", "capture,+Inf") == 2
    assert more("possys_http_request_duration_seconds_count", "capture") == 2
    assert more("possys_http_request_duration_seconds_sum", "capture") == pytest.approx(0.204)
    assert more("possys_capture_sales_total", "accepted") == 2
    assert more("possys_capture_refusals_total", "/lines,sale-refused") == 1
    assert more("possys_capture_refusals_total", "/total,sale-refused") == 1
    assert more("possys_flush_batch_records_bucket", "500.0") == 1
    assert more("possys_flush_batch_records_bucket", "100.0") == 0
    # What a sale can come to is there before the first one of a kind.
    assert found["possys_capture_sales_total"].keys() >= {"waiting", "limited", "denied"}


def test_the_cache_away_is_a_figure_and_the_counts_are_missing(settings: LazySettings) -> None:
    metrics.register("build", build_metrics)
    metrics.register("pulse", pulse_metrics)
    settings.CACHE_URL = "redis://127.0.0.1:1/1"
    found = scrape()
    assert found["possys_cache_up"] == {"": 0}
    assert found["possys_metrics_source_up"] == {"tills": 1, "build": 1, "pulse": 0}
    assert list(found["possys_build_info"].values()) == [1]


def test_a_line_that_begins_with_alarm_is_counted_by_its_logger() -> None:
    metrics.register("pulse", pulse_metrics)
    before = scrape()["possys_alarm_lines_total"]
    assert before[""] == 0
    logging.getLogger("tests.alarms").error("ALARM shard %d is stopped", 5)
    logging.getLogger("tests.alarms").error("%sdraw 3 is late", "ALARM ")
    logging.getLogger("tests.alarms").warning("no ALARM at all")
    wanted = before.get("tests.alarms", 0) + 2
    found = scrape_when(lambda found: found["possys_alarm_lines_total"].get("tests.alarms", 0) >= wanted)
    assert found["possys_alarm_lines_total"]["tests.alarms"] == wanted
