"""The filter bar: what it offers, and that it keeps the rest of the address."""

from datetime import date

from analytics.filters import Span
from analytics.menus import bar, compared_text, kinds, span_text
from analytics.tests.conftest import asked
from portal.scope import ScopeStore

STORES = (ScopeStore(11, "High Street", 1), ScopeStore(12, "Mill Lane", 2))


def test_days_are_written_as_short_as_they_can_be() -> None:
    assert span_text(Span(date(2026, 11, 30), date(2026, 11, 30))) == "Mon 30 Nov 2026"
    assert span_text(Span(date(2026, 11, 3), date(2026, 11, 30))) == "3 – 30 Nov 2026"
    assert span_text(Span(date(2026, 10, 3), date(2026, 11, 30))) == "3 Oct – 30 Nov 2026"
    assert span_text(Span(date(2025, 12, 3), date(2026, 1, 1))) == "3 Dec 2025 – 1 Jan 2026"


def test_every_choice_keeps_the_rest_and_one_is_the_current_one() -> None:
    made = bar(asked("period=7d&compare=year&store=12&category=Dairy"), STORES, compares=True)
    for choices in (made.periods, made.comparisons):
        assert [choice.is_current for choice in choices].count(True) == 1
        assert all("store=12" in choice.url and "category=Dairy" in choice.url for choice in choices)
    assert (made.period, made.comparison, made.stores) == ("Last 7 days", "Year before", "Mill Lane")
    assert made.kept_for_days == [("compare", "year"), ("store", "12"), ("category", "Dairy")]
    assert made.kept_for_stores == [("period", "7d"), ("compare", "year"), ("category", "Dairy")]
    assert [(chip.name, chip.url) for chip in made.chips] == [("Dairy", "?period=7d&compare=year&store=12")]


def test_days_of_ones_own_have_a_name() -> None:
    assert bar(asked("period=2026-11-29"), STORES, compares=True).period == "Yesterday"
    assert bar(asked("period=2026-11-01..2026-11-05"), STORES, compares=True).period == "1 – 5 Nov 2026"


def test_a_page_that_compares_nothing_offers_no_comparison() -> None:
    made = bar(asked(""), STORES, compares=False)
    assert (made.comparisons, made.compared) == ([], "")


def test_what_is_compared_is_said_with_the_hour_where_the_period_is_not_over() -> None:
    assert compared_text(asked("period=today")) == "Compared with Mon 23 Nov 2026, each until 14:00 of the last day"
    assert compared_text(asked("period=2026-11-02")) == "Compared with Mon 26 Oct 2026"
    assert compared_text(asked("compare=none")) == ""


def test_what_a_list_is_narrowed_down_to_can_be_taken_away() -> None:
    made = bar(asked("hour=0&weekday=6&method=card&type=refund&late=1&terminal=64&search=a%26b"), STORES, compares=True)
    assert [chip.name for chip in made.chips] == [
        "“a&b”", "Sundays", "00:00 – 00:59", "Paid by card", "Refunds", "Came late", "Till 64",
    ]  # fmt: skip
    assert all(len(chip.url.split("&")) == 7 for chip in made.chips)
    assert [kind.name for kind in kinds(asked("type=refund")) if kind.is_current] == ["Refunds"]
    assert [kind.name for kind in kinds(asked("")) if kind.is_current] == ["All"]
