"""The week by hour: means over as many such hours as the period has and that are over; and the curve's comparison."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from analytics import pages
from analytics.models import StoreHour
from analytics.tests.conftest import NOW, STORES, TODAY, asked, panel

Make = Callable[..., StoreHour]
WEEK = timedelta(7)


def test_an_hour_is_divided_by_the_weekdays_on_which_it_is_over(hour: Make) -> None:
    hour(TODAY, 10)
    hour(TODAY - WEEK, 10, gross=3000)
    hour(TODAY, 14, gross=9999)  # Not over: it is 14:35.
    hour(TODAY - WEEK, 14, gross=300)
    hour(TODAY - 4 * WEEK, 10, gross=7777)  # Before the 28 days.
    found = panel(pages.overview(asked("period=28d"), STORES, NOW), "heat")
    rows = {row[:2]: row[2:] for row in found.rows}
    assert rows[0, 10] == (1000, 5000)
    assert rows[0, 14] == (100, 3333)
    assert rows[1, 10] == (0, 0)
    assert len(rows) == 7 * 5
    assert (found.links or [])[0] == "receipts?period=28d&hour=10&weekday=0"


@pytest.mark.parametrize(("period", "weekdays"), [("today", {0}), ("2026-11-27..2026-11-29", {4, 5, 6})])
def test_weekdays_that_the_period_has_not_are_left_out(hour: Make, period: str, weekdays: set[int]) -> None:
    for days in range(7):
        hour(TODAY - timedelta(days), 9)
    found = panel(pages.overview(asked(f"period={period}"), STORES, NOW), "heat")
    assert {row[0] for row in found.rows} == weekdays


@pytest.mark.django_db
def test_no_heat_without_a_sale() -> None:
    assert panel(pages.overview(asked("period=28d"), STORES, NOW), "heat").rows == []


@pytest.mark.parametrize(
    ("text", "shift"), [("period=28d", 28), ("period=28d&compare=year", 364), ("period=2026-06-01..2026-11-30", 189)]
)
def test_the_comparison_stands_beside_the_same_time(hour: Make, text: str, shift: int) -> None:
    filters = asked(text)
    hour(filters.span.first, 10, gross=800)
    hour(filters.span.first - timedelta(shift), 10, gross=500)
    found = panel(pages.overview(filters, STORES, NOW), "over-time")
    assert found.rows[0] == (filters.span.first, 800, 1, 500, 1)
    assert sum(int(str(row[3])) for row in found.rows) == 500
    assert str(shift) in found.definition


def test_hours_of_a_day_stand_beside_those_of_the_week_before(hour: Make) -> None:
    hour(TODAY, 0)
    hour(TODAY - WEEK, 23, gross=500)
    rows = panel(pages.overview(asked("period=today"), STORES, NOW), "over-time").rows
    assert (rows[0], rows[23]) == ((0, 1000, 1, 0, 0), (23, 0, 0, 500, 1))
