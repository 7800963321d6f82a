"""A store's kind, and the weeks and terms that it belongs to."""

from datetime import date

import pytest

from analytics.filters import Span
from analytics.peers.calendar import cohort_span, figure_span, term_of, week_due
from analytics.peers.kinds import MAIN_SHARE_MIN, SIZES, StoreMix, kind_of, size_of


def mix(**changes: object) -> StoreMix:
    return StoreMix(11, 1, "CZK", 800, "bread", 3_333, 10_000, "")._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "mostly bread, 100 to 299 sales a week"),
        ({"amount": MAIN_SHARE_MIN - 1}, "many categories, 100 to 299 sales a week"),
        ({"category": ""}, "mostly goods without a category, 100 to 299 sales a week"),
        ({"chosen": "pharmacy", "sales": 8}, "pharmacy, 0 to 9 sales a week"),
        ({"amount": 0, "whole": 0}, "many categories, 100 to 299 sales a week"),
        ({"amount": 500, "whole": -200}, "many categories, 100 to 299 sales a week"),
    ],
)
def test_the_rule(changes: dict[str, object], kind: str) -> None:
    assert kind_of(mix(**changes), 8).kind == kind


def test_sizes_have_fixed_bounds() -> None:
    assert size_of(SIZES[1] - 1) != size_of(SIZES[1])
    assert size_of(29) == "10 to 29 sales a week"
    assert size_of(10**9) == "100,000 sales a week or more"


def test_how_it_was_found_is_kept() -> None:
    found = kind_of(mix(chosen="pharmacy"), 8)
    assert (found.category, found.share, found.sales_per_week, found.is_chosen) == ("bread", 3_333, 100, True)


@pytest.mark.parametrize(
    ("today", "week"),
    [
        (date(2026, 11, 30), date(2026, 11, 16)),
        (date(2026, 12, 1), date(2026, 11, 16)),
        # Two days after Sunday the week is due, and stays so for seven.
        (date(2026, 12, 2), date(2026, 11, 23)),
        (date(2026, 12, 8), date(2026, 11, 23)),
    ],
)
def test_a_week_is_due_two_days_after_its_end(today: date, week: date) -> None:
    assert week_due(today) == week
    assert week.weekday() == 0


def test_a_cohort_is_made_of_the_eight_weeks_before_its_term() -> None:
    week = date(2026, 11, 16)
    term = term_of(week)
    assert term.weekday() == 0
    assert cohort_span(term).days == 56
    assert cohort_span(term).last < term
    assert term_of(cohort_span(term).first) == cohort_span(term).first
    assert figure_span(week) == Span(date(2026, 10, 26), date(2026, 11, 22))
