"""Sales after the close on made-up stores: those that must be found, and late evenings that are none."""

from datetime import timedelta

import numpy as np
import pytest

from findings import chances
from findings.after_close import OPENS_BELOW, Integers, Late, backdated, day_begins, judge_hours, large_nights
from findings.tests.histories import START, at

PAST, WINDOW = 56, 28
FLEET = 100_000
# From eight in the morning to eight in the evening.
SHOP = (0,) * 8 + (4, 6, 8, 9, 8, 7, 6, 7, 9, 10, 8, 3) + (0,) * 4
BAR = (9, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 8, 10, 10)


def days(hours: tuple[int, ...], *, scale: float = 1.0, seed: int = 1, count: int = PAST + WINDOW) -> Integers:
    return np.random.default_rng(seed).poisson(np.array(hours) * scale, (count, 24)).astype(np.int64)


def judged(store: Integers, night: dict[int, tuple[int, int]]) -> Late | None:
    """The store with a till that sells a part of it, and at night: by place in the window the hour and the sales."""
    store = store.copy()
    own = store[-WINDOW:] // 3
    for place, (hour, sales) in night.items():
        own[place, hour] += sales
        store[PAST + place, hour] += sales
    return judge_hours(store, own, START)


def is_repeated(late: Late | None, looked_at: int = FLEET) -> bool:
    return late is not None and chances.corrected(late.chance, looked_at) < OPENS_BELOW


def test_sales_at_night_again_and_again_are_found() -> None:
    late = judged(days(SHOP), dict.fromkeys(range(2, 26, 3), (22, 2)))
    assert late is not None
    assert len(late.nights) == 8
    assert {one.end_hour for one in late.nights} == {20}
    assert is_repeated(late)


def test_sales_after_midnight_belong_to_the_day_before_and_are_found() -> None:
    late = judged(days(SHOP), dict.fromkeys(range(3, 27, 3), (1, 1)))
    assert late is not None
    assert [one.place for one in late.nights] == [place - 1 for place in range(3, 27, 3)]
    assert is_repeated(late)


def test_a_bar_that_sells_at_five_in_the_morning_is_found_and_until_two_is_not() -> None:
    assert not is_repeated(judged(days(BAR), {}))
    assert is_repeated(judged(days(BAR), dict.fromkeys(range(1, 27, 3), (5, 1))))


def test_one_or_two_late_customers_are_usual() -> None:
    assert not is_repeated(judged(days(SHOP), {3: (21, 1), 17: (22, 1)}))


def test_a_store_that_often_has_late_sales_is_usual() -> None:
    store = days(SHOP)
    store[0:PAST:5, 22] += 1
    assert not is_repeated(judged(store, dict.fromkeys(range(2, 26, 5), (22, 1))))


def test_a_long_evening_without_a_pause_is_usual() -> None:
    store = days(SHOP)
    store[PAST:, 20:23] += 5
    late = judged(store, dict.fromkeys(range(WINDOW), (22, 3)))
    assert late is not None
    assert late.nights == []


def test_a_store_that_never_closes_is_not_judged() -> None:
    assert judged(days((5,) * 24), {}) is None
    assert day_begins(days((5,) * 24)) is None


def test_a_store_with_a_short_past_or_few_sales_is_not_judged() -> None:
    assert judged(days(SHOP, scale=0.02), {}) is None
    young = days(SHOP)
    young[: PAST - 15] = 0
    assert judged(young, {}) is None


def test_other_hours_at_the_weekend_are_usual() -> None:
    store = days(SHOP)
    late_evening = np.random.default_rng(5).poisson(8, (PAST + WINDOW, 3))
    for day in range(PAST + WINDOW):
        if (START + timedelta(day)).weekday() == 4:
            store[day, 20:23] += late_evening[day]
    assert not is_repeated(judged(store, {}))
    # Not on a Monday, though.
    mondays = {place: (22, 2) for place in range(WINDOW) if (START + timedelta(PAST + place)).weekday() == 0}
    assert len(mondays) == 4
    late = judged(store, mondays)
    assert late is not None
    assert len(late.nights) == 4


@pytest.mark.parametrize("seed", range(30))
def test_a_quiet_shop_is_not_found_for_its_late_customers(seed: int) -> None:
    tapering = (0,) * 8 + (4, 6, 8, 9, 8, 7, 6, 5, 4, 3, 2, 1) + (0.3, 0.1, 0.03, 0.01)
    assert not is_repeated(judged(days(tapering, scale=0.15, seed=seed), {}))  # type: ignore[arg-type]


def test_the_day_begins_in_the_middle_of_the_night() -> None:
    assert day_begins(days(SHOP)) == 2
    assert day_begins(days(BAR)) in {8, 9, 10}
    siesta = (0,) * 8 + (9, 9, 9, 9, 0, 0, 0, 0, 9, 9, 9, 9) + (0,) * 4
    assert day_begins(days(siesta)) == 2


def test_a_night_for_half_a_usual_day_is_large() -> None:
    late = judged(days(SHOP), {4: (23, 12), 9: (23, 2)})
    assert late is not None
    assert [one.place for one in large_nights(late, [60_000, 90_000], 100_000)] == [4]
    assert large_nights(late, [40_000, 90_000], 100_000) == []
    assert large_nights(late, [40_000, 90_000], 0) == []


def test_numbers_of_the_new_day_dated_before_midnight_are_backdated() -> None:
    day, next_day = START, START + timedelta(1)
    in_order = [(day, at(day, 23, 50)), (next_day, at(next_day, 0, 5)), (next_day, at(next_day, 0, 9))]
    assert backdated(in_order) == []
    put_back = [*in_order, (day, at(day, 23, 58)), (next_day, at(next_day, 0, 15)), (day, at(day, 12, 0))]
    assert backdated(put_back) == [3]
    assert backdated([]) == []
