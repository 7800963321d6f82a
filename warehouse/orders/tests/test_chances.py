"""The chances of running out, against sums of probabilities in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.orders.chances import RATIO_MIN, exceeds, quantile

MEANS = st.floats(0.01, 60.0)
RATIOS = st.floats(RATIO_MIN, 12.0)
# So many of each that single numbers are not handled otherwise than many.
CASES = st.lists(st.tuples(MEANS, RATIOS, st.integers(0, 120)), min_size=1, max_size=12)


def plain(mean: float, variance: float, at: int) -> float:
    """P(demand <= at), as the sum of what each number of customers has."""
    odds = mean / variance
    size = mean * odds / (1 - odds)
    total = 0.0
    for count in range(at + 1):
        ways = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
        total += math.exp(ways + size * math.log(odds) + count * math.log1p(-odds))
    return total


def between(mean: float, variance: float, at: float) -> float:
    """The same where `at` is no whole number, by the hypergeometric series (DLMF 8.17.8)."""
    odds = mean / variance
    size, more = mean * odds / (1 - odds), at + 1
    ways = math.lgamma(size + more) - math.lgamma(size) - math.lgamma(more)
    front = math.exp(ways + size * math.log(odds) + more * math.log1p(-odds)) / size
    total = term = 1.0
    count = 0
    while term > 1e-15 * total:
        term *= (size + more + count) / (size + 1 + count) * odds
        total += term
        count += 1
    return front * total


def one(mean: float, variance: float, available: float) -> float:
    return float(exceeds(np.array([mean]), np.array([variance]), np.array([available]))[0])


@settings(deadline=None)
@given(CASES)
def test_it_is_the_sum_of_the_probabilities_above(cases: list[tuple[float, float, int]]) -> None:
    mean = np.array([case[0] for case in cases])
    variance = mean * np.array([case[1] for case in cases])
    found = exceeds(mean, variance, np.array([float(case[2]) for case in cases]))

    for place, (_, _, at) in enumerate(cases):
        expected = 1 - plain(float(mean[place]), float(variance[place]), at)
        assert found[place] == pytest.approx(expected, abs=1e-8)


@settings(deadline=None)
@given(MEANS, RATIOS, st.floats(0, 120))
def test_between_whole_numbers_it_goes_on(mean: float, ratio: float, at: float) -> None:
    assert one(mean, mean * ratio, at) == pytest.approx(1 - between(mean, mean * ratio, at), abs=1e-7)


def test_known_by_hand() -> None:
    # Mean 1, variance 2 is the geometric distribution of a fair coin: P(demand > k) = 2^-(k+1).
    assert [one(1, 2, k) for k in range(4)] == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 16])
    # Of such a coin with mean 1,000, all k + 1 tosses fail with 0.95 at the latest when (1000 / 1001)^(k + 1) = 0.05.
    assert quantile(np.array([1000.0]), np.array([1_001_000.0]), 0.95)[0] == 2997
    # Poisson with mean 3: P(0) = e^-3; a hundredth more variance hardly moves it.
    assert one(3, 3, 0) == pytest.approx(1 - math.exp(-3), abs=1e-3)


def test_nothing_wanted_never_runs_out_and_less_than_nothing_always() -> None:
    assert one(0, 0, 0) == 0
    assert one(0, 0, -3) == 0
    assert one(2, 3, -1) == 1
    assert one(math.nan, math.nan, 1) == 0


@settings(deadline=None)
@given(MEANS, RATIOS, st.floats(0, 100), st.floats(0, 20))
def test_more_on_the_shelf_never_runs_out_more_often(mean: float, ratio: float, available: float, more: float) -> None:
    assert one(mean, mean * ratio, available + more) <= one(mean, mean * ratio, available) + 1e-9


@settings(deadline=None)
@given(MEANS, RATIOS, st.floats(0.01, 0.999))
def test_the_quantile_is_the_least_number_that_is_enough(mean: float, ratio: float, level: float) -> None:
    found = int(quantile(np.array([mean]), np.array([mean * ratio]), level)[0])

    assert plain(mean, mean * ratio, found) >= level - 1e-8
    assert found == 0 or plain(mean, mean * ratio, found - 1) < level + 1e-8


@pytest.mark.parametrize("mean", [1e3, 1e5, 1e6])
@pytest.mark.parametrize("ratio", [1.01, 4.0, 50.0])
def test_large_demand_has_the_normal_quantile(mean: float, ratio: float) -> None:
    deviation = math.sqrt(mean * ratio)
    found = float(quantile(np.array([mean]), np.array([mean * ratio]), 0.95)[0])

    # Within what its skewness moves it, by Cornish and Fisher's first term.
    skewness = (2 * ratio - 1) / deviation
    expected = mean + deviation * (1.6449 + (1.6449**2 - 1) * skewness / 6)
    assert found == pytest.approx(expected, abs=0.1 * deviation + 1)


def test_what_is_no_demand_at_all_is_bounded() -> None:
    assert quantile(np.array([1e18, math.inf]), np.array([1e30, math.inf]), 0.95)[0] < 1e9
    assert list(quantile(np.array([0.0]), np.array([5.0]), 0.95)) == [0]
