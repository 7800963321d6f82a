"""Counts of many processes: nothing is counted twice, nothing is lost while the cache is away."""

import os
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from possys import pulse
from possys.pulse import Distribution, Histogram

SIZES = Histogram("test_sizes", (1.0, 2.0, 5.0))
pytestmark = pytest.mark.usefixtures("own_counts")


def test_what_was_counted_is_read_once_it_is_pushed() -> None:
    pulse.add("test_sales", 3, outcome="accepted")
    pulse.add("test_sales", 2, outcome="accepted")
    pulse.add("test_sales", outcome="refused")
    assert pulse.totals().value("test_sales", outcome="accepted") == 0
    assert pulse.push()
    read = pulse.totals()
    assert read.value("test_sales", outcome="accepted") == 5
    assert read.by_label("test_sales", "outcome") == {"accepted": 5, "refused": 1}
    assert pulse.push()
    assert pulse.totals().value("test_sales", outcome="accepted") == 5


def test_a_distribution_is_cumulative_and_has_its_sum() -> None:
    for value in (0.5, 1.5, 1.5, 9.25):
        pulse.observe(SIZES, value, kind="a")
    pulse.push()
    read = pulse.totals().histogram(SIZES, kind="a")
    assert [count for _, count in read.buckets] == [1, 3, 3, 4]
    assert (read.observed, read.total) == (4, 12.75)
    assert pulse.totals().histogram(SIZES, kind="b").observed == 0


def test_minutes_hold_what_was_counted_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_800_000_000.0]
    monkeypatch.setattr("possys.pulse.time.time", lambda: clock[0])
    pulse.add("test_sales", 3)
    clock[0] += 60
    pulse.add("test_sales", 4)
    pulse.push()
    found = pulse.minutes(3)
    assert [minute.counts.value("test_sales") for minute in found] == [0, 3, 4]
    assert [minute.start_ms for minute in found] == [(1_800_000_000 + 60 * at) * 1000 for at in (-1, 0, 1)]
    assert pulse.totals().value("test_sales") == 7


def test_counts_wait_for_a_cache_that_is_away(settings: Any) -> None:
    right = settings.CACHE_URL
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    pulse.add("test_sales", 3)
    assert not pulse.push()
    pulse.add("test_sales", 1)
    settings.CACHE_URL = right
    assert pulse.push()
    assert pulse.totals().value("test_sales") == 4


def test_memory_is_bounded_while_the_cache_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "FIELDS_MAX", 3)
    for name in range(10):
        pulse.add(f"test_{name}")
    pulse.add("test_0")
    assert len(pulse._memory.counts) == 3
    pulse.push()
    assert pulse.totals().value("test_0") == 2


def test_a_forked_child_pushes_its_own_counts_only() -> None:
    pulse.add("test_sales", 5)
    child = os.fork()
    if child == 0:
        pulse.add("test_sales", 1)
        pulse.push()
        os._exit(0)
    os.waitpid(child, 0)
    assert pulse.totals().value("test_sales") == 1
    pulse.push()
    assert pulse.totals().value("test_sales") == 6


def test_threads_lose_nothing() -> None:
    def work() -> None:
        for _ in range(2_000):
            pulse.add("test_sales")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pulse.push()
    assert pulse.totals().value("test_sales") == 8_000


def test_labels_cannot_forge_fields() -> None:
    pulse.add("test_sales", reason="a|b=c")
    pulse.push()
    assert pulse.totals().by_labels("test_sales") == [({"reason": "a_b_c"}, 1)]


@given(st.lists(st.floats(0, 4.999), min_size=1), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_of_the_value(values: list[float], share: float) -> None:
    bounds = (1.0, 2.0, 5.0)
    buckets = tuple((bound, float(sum(value <= bound for value in values))) for bound in (*bounds, float("inf")))
    found = Distribution(buckets, sum(values)).quantile(share)
    assert found is not None
    exact = sorted(values)[max(0, min(len(values) - 1, -int(-share * len(values) // 1) - 1))]
    upper = next(bound for bound in bounds if exact <= bound)
    lower = ([0.0, *[bound for bound in bounds if bound < upper]])[-1]
    assert lower <= found <= upper


def test_above_the_last_bound_it_is_at_least_that() -> None:
    assert Distribution(((1.0, 0.0), (float("inf"), 4.0)), 40.0).quantile(0.5) == 1.0
    assert Distribution(((1.0, 0.0), (float("inf"), 0.0)), 0.0).quantile(0.5) is None
