"""Months and quarters."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from accounting.vat.periods import Period, period_of, recent_periods


def test_months_and_quarters() -> None:
    assert period_of("month", date(2028, 2, 10)) == Period(date(2028, 2, 1), date(2028, 2, 29))
    assert period_of("quarter", date(2026, 11, 30)) == Period(date(2026, 10, 1), date(2026, 12, 31))
    assert period_of("quarter", date(2026, 11, 30)).title == "Quarter 4 of 2026"
    assert period_of("month", date(2026, 11, 30)).title == "November 2026"
    assert Period(date(2026, 11, 1), date(2026, 11, 9)).title == "2026-11-01 to 2026-11-09"


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.sampled_from(["month", "quarter"]))
def test_periods_follow_each_other_without_a_gap(day: date, kind: str) -> None:
    periods = recent_periods(kind, day, 6)
    assert periods[0].first <= day <= periods[0].last
    assert all(later.first - timedelta(days=1) == earlier.last for later, earlier in pairwise(periods))
