"""What forecasts are made of, without a database: blind to the future, weekdays, seasons, discounts, intervals."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from warehouse.demand import spread
from warehouse.demand.effects import UPLIFT_MAX, learn_effects, uplift
from warehouse.demand.features import chain_at, known_at
from warehouse.demand.learning import Retail, Shop, learn_retail
from warehouse.demand.model import read_learnt
from warehouse.demand.planned import Planned
from warehouse.demand.projecting import HORIZON, Projection, project, setting_of
from warehouse.demand.season import seasons, weekdays
from warehouse.demand.weekly import CHAIN_WEEKS, ORIGINS, STORE_WEEKS, Floats, Weekly, weekly

EVEN = np.ones(7)


def trade(*, products: int, weeks: int, seed: int = 1) -> Weekly:
    """Product n sells at a rate of n / 5 a week; a third of its weeks is a quarter off and sells half as much more."""
    chance = np.random.default_rng(seed)
    is_off = (np.arange(weeks)[None, :] + np.arange(products)[:, None]) % 3 == 0
    rate = np.arange(1, products + 1)[:, None] / 5 * np.where(is_off, 1.5, 1.0)
    quantity = chance.poisson(rate).astype(float)
    full = quantity * 1000
    return Weekly(np.arange(products), quantity, quantity, full * np.where(is_off, 0.75, 1), full * is_off * 0.25)


def retail(sold: Weekly, categories: int = 3) -> Retail:
    return Retail(sold, np.arange(len(sold.products)) % categories, EVEN * 1000, sold.weeks)


def projection(of: Retail, shop: Weekly, planned: Any = ()) -> Projection:
    learnt = learn_retail(of, [Shop(shop, EVEN * 100)])
    effects = learn_effects(of.sold, of.categories).by_category
    return project(setting_of(of, learnt, effects, 0), Shop(shop, EVEN * 100), planned)


def test_weeks_count_back_from_the_cutoff_and_leave_out_what_is_behind_it() -> None:
    ago = np.array([0, 6, 7, 13, 14, -1, 500])
    one = np.ones(7)
    found = weekly(products=np.full(7, 9), ago=ago, values=(one, one, one, -one), weeks=3)
    assert found.quantity.tolist() == [[2, 2, 1]]
    # What was given back is no demand below nothing.
    assert found.discounts.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_knows_nothing_of_the_weeks_behind_it(origin: int) -> None:
    sold = trade(products=40, weeks=STORE_WEEKS)
    changed = Weekly(sold.products, *(column.copy() for column in sold[1:]))
    for column in changed[1:]:
        column[:, :origin] = 1e6
    known, other = (
        known_at(one, chain_at(one, np.arange(40) % 3, origin, one.weeks), origin, one.weeks) for one in (sold, changed)
    )
    assert np.array_equal(known.rows, other.rows)
    assert np.array_equal(known.places, other.places)
    # It does know the week before it.
    changed.quantity[:, origin] = 1e6
    again = known_at(changed, chain_at(changed, np.arange(40) % 3, origin, changed.weeks), origin, changed.weeks)
    assert not np.array_equal(known.rows, again.rows)


def test_the_same_sales_give_the_same_forecasts_also_when_written_down_between() -> None:
    of = retail(trade(products=700, weeks=STORE_WEEKS))
    learnt, again = (learn_retail(of, [Shop(of.sold, EVEN * 100)]) for _ in range(2))
    assert learnt.trees
    assert learnt == again == read_learnt(learnt.written())
    found = [
        project(setting_of(of, one, np.ones(3), 0), Shop(of.sold, EVEN * 100))
        for one in (learnt, read_learnt(learnt.written()))
    ]
    for column, other in zip(*found, strict=True):
        assert np.array_equal(column, other)
    # Steady trade, trees or not: the rate, with the discounts that a third of the weeks had.
    assert found[0].mean.sum() == pytest.approx(of.sold.quantity[:, :26].mean(axis=1).sum() * 4, rel=0.05)


def test_a_store_s_weekdays_and_its_closed_sundays() -> None:
    own = np.array([100.0, 100, 100, 100, 200, 400, 0])
    found = weekdays(own, np.full(7, 1e6))
    assert found.sum() == pytest.approx(7)
    assert found[6] == 0
    assert found[5] > found[4] > found[0]
    # Of a store that hardly sold anything yet, the retailer tells.
    assert weekdays(np.array([0.0, 0, 0, 0, 0, 0, 1]), np.array([1.0, 1, 1, 1, 1, 5, 0]) * 100).argmax() == 5


def test_last_year_s_weeks_raise_a_category_s_forecast() -> None:
    quantity = np.full((2, CHAIN_WEEKS), 1000.0)
    # Last year, the second of the next four weeks sold three times as much of one category.
    quantity[0, 52 - 2] = 3000
    sold = Weekly(np.arange(2), quantity, quantity, quantity, quantity)
    found = seasons(sold, np.arange(2), CHAIN_WEEKS)
    assert found[0].argmax() == 1
    assert found[0, 1] == pytest.approx(3, rel=0.1)
    assert found[1] == pytest.approx(np.ones(4), abs=0.1)
    assert (seasons(sold, np.arange(2), 59) == 1).all()


def test_discounts_of_the_past_tell_what_a_promotion_raises() -> None:
    of = retail(trade(products=200, weeks=STORE_WEEKS))
    effects = learn_effects(of.sold, of.categories)
    # A quarter off sells half as much more: log(1.5) / 0.25.
    assert effects.retailer == pytest.approx(1.62, abs=0.15)
    plain = projection(of, of.sold)
    chosen = [Planned(150, None, 3, 5, 0.5), Planned(None, 0, 10, 40, 0.3), Planned(150, None, 4, 4, 0.2)]
    raised = projection(of, of.sold, chosen)
    at = int(np.searchsorted(plain.products, 150))
    ratio = raised.mean[at] / plain.mean[at]
    assert (ratio[:3] == 1).all()
    assert (ratio[3:6] > 1.5).all()
    assert ratio[4] == ratio[3]
    # Its category, too, to the end of the forecast; another category is as it was.
    assert 150 % 3 == 0
    assert (ratio[10:] > 1).all()
    other = int(np.searchsorted(plain.products, 151))
    assert (raised.mean[other] == plain.mean[other]).all()
    assert (raised.high[at][3:6] >= plain.high[at][3:6]).all()


def test_what_is_usually_taken_off_raises_nothing_more() -> None:
    off, usual = np.array([0.1, 0.3, 1.0]), np.array([0.3, 0.1, 0.0])
    assert uplift(off, usual, np.full(3, 4.0)).tolist() == pytest.approx([1, np.exp(0.8), UPLIFT_MAX])


@given(
    mean=st.floats(1e-4, 500), dispersion=st.floats(0.03, 20), part=st.sampled_from([0.1, 0.5, 0.9]),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_quantiles_are_those_of_scipy_stats(mean: float, dispersion: float, part: float) -> None:
    size = 1 / dispersion
    chance = size / (size + mean)
    found = spread.quantile(part, np.array([size]), np.array([chance]))[0]
    expected = nbinom.ppf(part, size, chance)
    # A solver's rounding may put either one unit off where the distribution meets the part exactly.
    assert found == expected or nbinom.cdf(min(found, expected), size, chance) == pytest.approx(part, abs=1e-9)


def test_intervals_hold_four_of_five_and_dispersion_is_found_again() -> None:
    chance = np.random.default_rng(3)
    mean = np.full(4000, 8.0)
    dispersion, unit = 0.5, 2.0
    count = chance.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean / unit))
    sold = count.astype(np.float64) * unit
    found = spread.measured(mean, sold, np.full(4000, unit))[int(np.digitize(8.0, spread.BOUNDS))]
    assert found == pytest.approx(dispersion, rel=0.15)
    low, high = spread.interval(mean, np.full(4000, dispersion), np.full(4000, unit))
    holds = float(((sold >= low) & (sold <= high)).mean())
    assert 0.78 < holds < 0.95


def test_days_taken_as_independent_have_a_week_s_variance() -> None:
    day, dispersion, unit = np.array([0.2, 1.5, 30.0]), np.array([2.0, 0.4, 0.1]), np.array([1.0, 1.3, 2.0])
    daily = spread.daily_dispersion(7 * day, dispersion, unit)
    week = unit * 7 * day + dispersion * (7 * day) ** 2
    assert 7 * (day + daily * day**2) == pytest.approx(week)


def floats(*shape: int) -> Floats:
    return np.zeros(shape)


def test_nothing_known_is_nothing_said() -> None:
    empty = Weekly(np.zeros(0, np.int64), *(floats(0, STORE_WEEKS) for _ in range(4)))
    found = projection(Retail(empty, np.zeros(0, np.int64), floats(7), 0), empty)
    assert found.mean.shape == (0, HORIZON)
