"""The chances that findings are judged by, against values that are known by other ways."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from findings import chances

COUNTS = st.integers(0, 60)
EXPECTED = st.floats(0.01, 200)
DISPERSIONS = st.floats(0.05, 3)


@given(EXPECTED, DISPERSIONS)
def test_none_of_is_the_zero_of_a_negative_binomial(expected: float, dispersion: float) -> None:
    size = 1 / dispersion
    assert chances.none_of(expected, dispersion) == pytest.approx(
        max(stats.nbinom.pmf(0, size, size / (size + expected)), chances.CHANCE_MIN), rel=1e-6
    )


@given(COUNTS, EXPECTED, DISPERSIONS)
def test_at_least_is_the_upper_tail_of_a_negative_binomial(count: int, expected: float, dispersion: float) -> None:
    size = 1 / dispersion
    known = stats.nbinom.sf(count - 1, size, size / (size + expected))
    assert chances.at_least(count, expected, dispersion) == pytest.approx(max(known, chances.CHANCE_MIN), rel=1e-5)


@given(COUNTS, st.integers(0, 40), st.floats(0.001, 0.9))
def test_share_at_least_is_the_exact_binomial_tail(count: int, more: int, share: float) -> None:
    of = count + more
    exact = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1))
    assert chances.share_at_least(count, of, share) == pytest.approx(max(exact, chances.CHANCE_MIN), rel=1e-6)


def test_days_without_multiplies_what_each_further_day_makes_less_likely() -> None:
    # After eight Saturdays of eight: (0.5 / 9) for the first one missed, (1.5 / 10) for the second.
    assert chances.days_without(2, 8, 0) == pytest.approx(0.5 / 9 * 1.5 / 10)
    assert chances.days_without(0, 8, 0) == pytest.approx(1)


def test_an_exponential_sum_has_the_tail_of_one() -> None:
    # Mean 10 of sums of about 5: a shape of one is an exponential.
    assert chances.amount_at_least(30.0, 10.0, 5.0, 0.0) == pytest.approx(np.exp(-3))


def test_nothing_is_certain_to_happen_and_an_absurd_amount_has_no_chance_of_zero() -> None:
    assert chances.at_least(0, 5.0, 0.2) == 1
    assert chances.share_at_least(0, 5, 0.2) == 1
    assert chances.amount_at_least(0, 5.0, 1.0, 0.2) == 1
    assert chances.amount_at_least(10**12, 5.0, 1.0, 0.2) == chances.CHANCE_MIN


def test_dispersion_is_found_again_in_counts_that_have_it() -> None:
    random = np.random.default_rng(1)
    level = random.gamma(1 / 0.4, 0.4, 20_000)
    counts = random.poisson(30 * level).astype(float)
    assert chances.dispersion_of(counts, np.full(20_000, 30.0)) == pytest.approx(0.4, abs=0.03)
    assert chances.dispersion_of(np.zeros(3), np.zeros(3)) == chances.DISPERSION_MAX


@pytest.mark.parametrize(("chance", "said"), [(1 / 12_345, 12_000), (0.3, 3), (1.0, 1), (1 / 99, 99), (1e-7, 10**7)])
def test_a_chance_is_told_as_once_in_so_many(chance: float, said: int) -> None:
    assert chances.once_in(chance) == pytest.approx(said, rel=0.02)


def test_what_is_told_fits_every_reader() -> None:
    assert chances.once_in(0.0) == chances.ONCE_IN_MAX < 2**53


def test_many_looked_at_make_a_rare_thing_common() -> None:
    assert chances.corrected(1e-6, 1000) == pytest.approx(1e-3)
    assert chances.corrected(0.1, 1000) == 1
