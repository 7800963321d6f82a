"""Silent tills on made-up histories: those that must be found, and those whose silence is usual."""

from datetime import date, timedelta

import numpy as np
import pytest

from findings import silent
from findings.silent import Spans, judge_spans, others_factor
from findings.tests.histories import START, Sales, at, before, every_day, histories, on, sold, without

DAY = timedelta(days=1)
WEEKS = 10
# A Tuesday afternoon behind nine weeks and a day.
WENT = at(date(2026, 5, 5), 14, 5)


def judged(sales: Sales, after: timedelta, factors: list[float] | None = None) -> Spans:
    """The span of one till, so long after its last sale."""
    known = histories([sales])
    length = silent.span_days(sales[-1], sales[-1] + after)
    made = None if factors is None else np.array([factors + [1.0] * length])[:, :length]
    return judge_spans(known, [sales[-1] + after], made)


def is_silent(sales: Sales, after: timedelta, factors: list[float] | None = None) -> bool:
    return bool(judged(sales, after, factors).opens()[0])


def test_a_busy_till_is_silent_within_four_days_and_not_overnight() -> None:
    sales = before(sold(every_day(120), WEEKS), WENT)
    assert not is_silent(sales, timedelta(hours=18))
    assert is_silent(sales, 4 * DAY)


def test_what_was_expected_is_what_its_own_hours_sold() -> None:
    sales = before(sold(every_day(100), WEEKS, dispersion=0.02), WENT)
    found = judged(sales, 2 * DAY)
    assert found.expected[0] == pytest.approx(200, rel=0.1)
    assert found.due_days[0] == pytest.approx(2, abs=0.05)
    assert found.week[0] == pytest.approx(700, rel=0.1)
    # From closing to opening nothing is expected.
    closed = before(sold(every_day(100), WEEKS), at(date(2026, 5, 5), 23, 0))
    assert judged(closed, at(date(2026, 5, 6), 7, 30) - closed[-1]).expected[0] < 4


@pytest.mark.parametrize("seed", range(5))
def test_a_corner_shops_till_is_silent_after_some_days(seed: int) -> None:
    sales = before(sold(every_day(15), WEEKS, seed=seed, dispersion=0.2), WENT)
    assert not is_silent(sales, DAY)
    assert is_silent(sales, 12 * DAY)


def test_a_quiet_till_is_silent_only_after_weeks() -> None:
    sales = before(sold(every_day(0.5), 20, seed=3), at(date(2026, 7, 14), 12, 0))
    assert not is_silent(sales, 14 * DAY)
    assert is_silent(sales, 90 * DAY)


def test_a_saturday_till_is_not_silent_on_other_days_nor_after_missing_one() -> None:
    sales = before(sold(on([5], 80), WEEKS), at(date(2026, 5, 3), 0, 0))
    assert sales[-1].date() == date(2026, 5, 2)
    assert judged(sales, timedelta(days=6)).due_days[0] < 0.1
    assert not is_silent(sales, timedelta(days=6, hours=4))
    assert not is_silent(sales, timedelta(days=10))


def test_a_saturday_till_that_misses_two_months_is_silent() -> None:
    sales = before(sold(on([5], 80), WEEKS), at(date(2026, 5, 3), 0, 0))
    assert is_silent(sales, timedelta(days=80))


def test_a_shop_that_is_closed_on_weekends_is_not_silent_on_monday_morning() -> None:
    sales = before(sold(on(range(5), 60), WEEKS), at(date(2026, 5, 9), 0, 0))
    assert not is_silent(sales, at(date(2026, 5, 11), 8, 30) - sales[-1])


def test_a_history_of_less_than_three_weeks_says_nothing() -> None:
    sales = sold(every_day(200), 2.5)
    assert not is_silent(sales, 30 * DAY)
    assert is_silent(sold(every_day(200), 4), 30 * DAY)


def test_a_till_that_often_rests_a_week_is_not_silent_after_one() -> None:
    sales = before(sold(every_day(40), WEEKS), WENT)
    for week in (2, 5, 7):
        first = START + timedelta(weeks=week)
        sales = without(sales, first, first + 6 * DAY)
    assert not is_silent(sales, 8 * DAY)


def test_days_on_which_nobody_sold_do_not_count() -> None:
    sales = before(sold(every_day(120), WEEKS), WENT)
    assert is_silent(sales, 4 * DAY)
    assert not is_silent(sales, 4 * DAY, [0.05] * 5)
    assert not is_silent(sales, 4 * DAY, [1.0, 0.05, 0.05, 0.05, 1.0])


def test_others_count_a_day_as_far_as_they_sold_what_is_usual() -> None:
    factor = others_factor(np.array([0.0, 300.0, 150.0, 0.0]), np.array([300.0, 200.0, 300.0, 0.0]))
    assert factor.tolist() == pytest.approx([1 / 301, 1.0, 151 / 301, 1.0])


def test_what_is_usual_is_the_mean_of_the_same_weekdays() -> None:
    known = np.array([[1.0] * 7 + [3.0] * 7 + [9.0, 0.0, 9.0], [*range(14), 0.0, 0.0, 0.0]])
    assert silent.usual_days(known, 14).tolist() == [[2.0, 2.0, 2.0], [3.5, 4.5, 5.5]]


def test_the_fleet_counts_only_when_hardly_anybody_sells() -> None:
    factor = silent.fleet_factor(np.array([90.0, 60.0, 9.0]), np.array([100.0, 100.0, 99.0]))
    assert factor.tolist() == [1.0, 1.0, 0.1]


def test_of_today_only_what_is_over_is_due_of_others() -> None:
    known = histories([before(sold(every_day(120), WEEKS), WENT)])
    half = silent.part_due(known, [at(date(2026, 5, 7), 14)], 4)[0]
    assert half[[0, 1, 3]].tolist() == [1.0, 1.0, 1.0]
    assert 0.4 < half[2] < 0.7


def test_fading_sales_are_judged_by_their_last_weeks() -> None:
    # A kiosk at the lake in autumn: each week two thirds of the one before.
    fading = sold(lambda day: 200 * 0.66 ** ((day - START).days / 7), WEEKS, seed=2)
    steady = sold(every_day(60), WEEKS, seed=2)
    assert judged(fading, 5 * DAY).expected[0] < judged(steady, 5 * DAY).expected[0] / 4


def test_a_till_that_another_replaced_is_not_silent() -> None:
    came = WENT + DAY
    assert silent.is_replaced(WENT, 200.0, [(came, 180)])
    assert silent.is_replaced(WENT, 200.0, [(WENT - 3 * DAY, 60), (came, 60)])
    # Not the one that was there for long, nor one that hardly sells.
    assert not silent.is_replaced(WENT, 200.0, [(WENT - 40 * DAY, 5_000)])
    assert not silent.is_replaced(WENT, 200.0, [(came, 20)])
    assert not silent.is_replaced(WENT, 200.0, [])


def test_a_till_that_was_silent_in_the_same_weeks_a_year_ago_is_seasonal() -> None:
    long_ago = WENT.date() - timedelta(days=500)
    assert silent.is_seasonal(long_ago, WENT, sold_then=3, expected=400.0)
    assert not silent.is_seasonal(long_ago, WENT, sold_then=300, expected=400.0)
    assert not silent.is_seasonal(WENT.date() - timedelta(days=100), WENT, sold_then=0, expected=400.0)
    start, end = silent.season_of(WENT, WENT + 60 * DAY)
    assert (start, end) == (date(2025, 5, 13), date(2025, 7, 5))
    short = silent.season_of(WENT, WENT + 3 * DAY)
    assert short == (date(2025, 5, 6), date(2025, 5, 9))


def test_many_are_judged_as_each_alone() -> None:
    tills = [before(sold(every_day(level), WEEKS, seed=level), WENT) for level in (5, 40, 90)]
    now = WENT + 6 * DAY
    together = judge_spans(histories(tills), [now] * 3)
    for place, sales in enumerate(tills):
        alone = judge_spans(histories([sales]), [now])
        assert together.chance[place] == pytest.approx(alone.chance[0])
        assert together.expected[place] == pytest.approx(alone.expected[0])


def test_the_longer_the_silence_the_less_likely() -> None:
    sales = before(sold(every_day(30), WEEKS), WENT)
    made = [float(judged(sales, timedelta(hours=hours)).chance[0]) for hours in range(1, 24 * 9, 7)]
    assert made == sorted(made, reverse=True)
