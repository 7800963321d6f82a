"""The moving average by hand, and against a plain model in fractions."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from warehouse.stock.averaging import Event, Order, Step, averaged, in_order, value, walk

FIRST = date(2026, 11, 1)
# Of one whole unit, in ten-thousandths of a minor unit.
EURO = 1_000_000
WHOLE = 10_000


def day(number: int) -> date:
    return FIRST + timedelta(number)


def came(on: int, units: int, cost: int | None) -> Event:
    return Event(day(on), Order.IN, 0, units * WHOLE, cost)


def sold(on: int, units: int) -> Event:
    return Event(day(on), Order.OUT, 0, -units * WHOLE)


def counted(on: int, units: int, *, cost: int | None = None, order: Order = Order.COUNT_BEFORE) -> Event:
    return Event(day(on), order, 0, units * WHOLE, cost)


def test_an_inflow_is_weighed_with_what_is_there() -> None:
    walked = walk([came(0, 10, 2 * EURO), sold(1, 5), came(2, 15, 4 * EURO)])
    assert walked == (20 * WHOLE, 3_500_000, [Step(day(0), 2 * EURO), Step(day(2), 3_500_000)])


def test_below_nothing_the_next_inflow_tells_the_cost() -> None:
    walked = walk([came(0, 1, 2 * EURO), sold(1, 5), came(2, 10, 4 * EURO), sold(3, 100), came(4, 1, None)])
    assert walked == (-93 * WHOLE, 4 * EURO, [Step(day(0), 2 * EURO), Step(day(2), 4 * EURO)])


def test_goods_without_a_cost_take_the_average_that_is_there_or_that_comes() -> None:
    assert walk([came(0, 10, None), sold(0, 5), came(1, 5, EURO), came(2, 10, None)]) == (
        20 * WHOLE, EURO, [Step(day(1), EURO)],
    )  # fmt: skip
    assert walk([counted(0, 10), sold(0, 5)]).average is None


def test_a_count_changes_what_is_there_and_the_average_only_when_it_says_one() -> None:
    events = [came(0, 10, 2 * EURO), counted(1, 4), came(1, 4, 4 * EURO), counted(2, 8, cost=EURO)]
    assert walk(events) == (8 * WHOLE, EURO, [Step(day(0), 2 * EURO), Step(day(1), 3 * EURO), Step(day(2), EURO)])


def test_a_day_has_one_step_and_none_where_nothing_changed() -> None:
    events = [came(0, 1, EURO), came(0, 1, 3 * EURO), came(1, 1, 2 * EURO), came(2, 2, 4 * EURO), came(2, 2, EURO)]
    walked = walk(events)
    # (3 x 2 + 2 x 4) / 5 = 2.8; (5 x 2.8 + 2 x 1) / 7 = 2.2857...
    assert walked.steps == [Step(day(0), 2 * EURO), Step(day(2), 2_285_714)]


def test_within_a_day_goods_come_before_they_are_sold_and_counts_stand_at_both_ends() -> None:
    events = [
        counted(0, 7, order=Order.COUNT_AFTER), sold(0, 3), came(0, 5, EURO), counted(0, 1, cost=2 * EURO),
    ]  # fmt: skip
    assert in_order(events) == events[::-1]


def test_halves_are_rounded_up() -> None:
    assert averaged(WHOLE, 1, WHOLE, 2) == 2
    assert averaged(2 * WHOLE, 1, WHOLE, 2) == 1
    assert value(WHOLE, 15_000) == 2
    assert value(WHOLE, 14_999) == 1


def test_what_is_not_there_and_what_has_no_cost_is_worth_nothing() -> None:
    assert (value(-WHOLE, EURO), value(WHOLE, None), value(0, EURO)) == (0, 0, 0)


CHANGES = st.one_of(
    st.builds(came, st.integers(0, 9), st.integers(1, 50), st.none() | st.integers(0, 9 * EURO)),
    st.builds(sold, st.integers(0, 9), st.integers(-5, 50)),
    st.builds(
        counted, st.integers(0, 9), st.integers(0, 50), cost=st.none() | st.integers(0, EURO),
        order=st.sampled_from([Order.COUNT_BEFORE, Order.COUNT_AFTER]),
    ),
)  # fmt: skip


@given(st.lists(CHANGES, max_size=12))
def test_the_walk_is_that_of_a_plain_model(changes: list[Event]) -> None:
    events = sorted(changes, key=lambda event: (event.day, event.order))
    there, average, by_day = 0, None, {}
    for event in events:
        if event.order in {Order.COUNT_BEFORE, Order.COUNT_AFTER}:
            there = event.quantity
            average = event.cost if event.cost is not None else average
        elif event.quantity > 0 and event.cost is not None:
            weighed = there if average is not None else 0
            if weighed <= 0:
                average = event.cost
            else:
                exact = Fraction(weighed * (average or 0) + event.quantity * event.cost, weighed + event.quantity)
                average = int(exact + Fraction(1, 2))
            there += event.quantity
        else:
            there += event.quantity
        by_day[event.day] = average
    walked = walk(events)
    assert (walked.quantity, walked.average) == (there, average)
    # In force on each day, whether it has a step or not.
    for on, expected in by_day.items():
        before = [step.average for step in walked.steps if step.day <= on]
        assert (before[-1] if before else None) == expected


@given(st.lists(CHANGES, max_size=12))
def test_an_average_lies_between_the_costs_that_were_said(changes: list[Event]) -> None:
    costs = [event.cost for event in changes if event.cost is not None and event.quantity >= 0]
    assert all(min(costs) <= step.average <= max(costs) for step in walk(changes).steps)
