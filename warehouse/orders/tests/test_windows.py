"""Demand over some days, against adding up day by day."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.orders.windows import DAYS_LEFT_MAX, Ahead, ahead, days_left, window

DAYS = 28
MEANS = st.lists(st.floats(0, 50), min_size=DAYS, max_size=DAYS)
FORECASTS = st.lists(
    st.tuples(MEANS, st.floats(0.01, 9), st.floats(0, 5), st.integers(0, 40), st.integers(0, 60)),
    min_size=1,
    max_size=5,
)


def known(*forecasts: Any, passed: int = 0) -> Ahead:
    ones = np.ones(len(forecasts))
    return ahead(np.array(forecasts, float), unit=ones, dispersion=ones, passed=passed * ones.astype(np.int64))


def plain(means: list[float], passed: int, days: int) -> float:
    """The mean, a day at a time; days that no forecast knows are an average day of its last week."""
    return sum(means[day] if day < DAYS else sum(means[-7:]) / 7 for day in range(passed, passed + days))


@settings(deadline=None)
@given(FORECASTS)
def test_it_is_the_sum_of_the_days(forecasts: list[tuple[list[float], float, float, int, int]]) -> None:
    means, unit, dispersion, passed, days = (np.array(column) for column in zip(*forecasts, strict=True))
    found = window(ahead(means, unit=unit, dispersion=dispersion, passed=passed), days)

    for place, (own, size, level, gone, some) in enumerate(forecasts):
        mean = plain(own, gone, some)
        assert found.mean[place] == pytest.approx(mean, abs=1e-6)
        assert found.variance[place] == pytest.approx(size * mean + level * mean**2, rel=1e-6, abs=1e-4)


def test_what_is_no_number_is_no_demand() -> None:
    nothing = np.array([np.nan])
    odd = ahead(np.array([[np.nan, -3.0, np.inf, 1.0]]), unit=np.ones(1), dispersion=nothing, passed=np.array([0]))
    assert window(odd, np.array([4])).mean[0] == 1
    assert window(odd, np.array([4])).variance[0] == 1


@pytest.mark.parametrize(
    ("means", "passed", "available", "expected"),
    [
        ([2.0] * DAYS, 0, 7.0, 3),
        ([2.0] * DAYS, 0, 8.0, 4),
        ([2.0] * DAYS, 5, 0.0, 0),
        # Beyond the forecast at the rate of its last week.
        ([1.0] * DAYS, 0, 40.0, 40),
        ([9.0] * 21 + [1.0] * 7, 21, 40.0, 40),
        ([0.0] * DAYS, 0, 5.0, -1),
        # Sold in the first days only: what is left then stays.
        ([1.0] * 3 + [0.0] * 25, 0, 5.0, DAYS_LEFT_MAX),
        ([1.0] * 3 + [0.0] * 25, 0, 2.0, 2),
        # The shelf is emptier than empty.
        ([2.0] * DAYS, 0, -4.0, 0),
    ],
)
def test_days_that_a_stock_lasts(means: list[float], passed: int, available: float, expected: int) -> None:
    assert days_left(known(means, passed=passed), np.array([available]))[0] == expected


@settings(deadline=None)
@given(MEANS, st.integers(0, 30), st.floats(0, 500))
def test_what_is_sold_on_the_days_left_is_there(means: list[float], passed: int, available: float) -> None:
    found = int(days_left(known(means, passed=passed), np.array([available]))[0])

    if 0 <= found < DAYS_LEFT_MAX:
        assert plain(means, passed, found) <= available + 1e-6
        assert plain(means, passed, found + 1) > available - 1e-6
