"""Filters: read from an address and written back, every fault named."""

from datetime import date, timedelta
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.filters import (
    COMPARISONS,
    DAYS_MAX,
    FIRST_DAY,
    PERIODS,
    STORES_MAX,
    FiltersError,
    Span,
    UnknownStoreError,
)
from analytics.models import PAYMENT_METHODS
from analytics.tests.conftest import RIVAL, STORES, TODAY, asked
from transactions.stream import SALE_TYPES

DAYS = st.dates(FIRST_DAY, TODAY)
SPANS = st.builds(lambda first, days: f"{first}..{min(first + timedelta(days), TODAY)}", DAYS, st.integers(0, 399))
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=60)


@given(
    st.fixed_dictionaries(
        {"period": st.sampled_from(PERIODS) | SPANS | DAYS.map(str)},
        optional={
            "compare": st.sampled_from(COMPARISONS),
            "store": st.lists(st.sampled_from(STORES).map(str), max_size=3),
            "category": TEXTS,
            "currency": st.sampled_from(("", "CZK", "EUR")),
            "search": TEXTS,
            "hour": st.integers(0, 23).map(str),
            "weekday": st.integers(0, 6).map(str),
            "method": st.sampled_from(PAYMENT_METHODS),
            "type": st.sampled_from(SALE_TYPES),
            "late": st.sampled_from(("", "1")),
            "terminal": st.integers(0, 2**31 - 1).map(str),
            "product": st.integers(0, 2**53 - 1).map(str),
        },
    )
)
def test_what_is_written_is_read_again(fields: dict[str, str | list[str]]) -> None:
    from urllib.parse import urlencode

    filters = asked(urlencode(fields, doseq=True))
    assert asked(filters.query()) == filters
    assert asked(filters.query()).query() == filters.query()


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", TODAY, TODAY),
        ("7d", date(2026, 11, 24), TODAY),
        ("28d", date(2026, 11, 3), TODAY),
        ("month", date(2026, 11, 1), TODAY),
        ("quarter", date(2026, 10, 1), TODAY),
        ("year", date(2026, 1, 1), TODAY),
        ("2026-10-01..2026-10-31", date(2026, 10, 1), date(2026, 10, 31)),
        ("2026-10-01", date(2026, 10, 1), date(2026, 10, 1)),
    ],
)
def test_periods(period: str, first: date, last: date) -> None:
    assert asked(f"period={period}").span == Span(first, last)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("period=today", date(2026, 11, 23)),
        ("period=28d", date(2026, 10, 6)),
        ("period=2026-11-01..2026-11-08", date(2026, 10, 18)),
        ("period=28d&compare=year", date(2025, 11, 4)),
    ],
)
def test_a_comparison_keeps_length_and_weekdays(text: str, first: date) -> None:
    filters = asked(text)
    assert filters.before is not None
    assert filters.before.first == first
    assert filters.before.days == filters.span.days
    assert first.weekday() == filters.span.first.weekday()


def test_a_period_that_is_not_over_is_compared_to_the_full_hour() -> None:
    filters = asked("period=today")
    assert filters.until == (TODAY, 14)
    assert filters.until_before == (date(2026, 11, 23), 14)
    over = asked("period=2026-11-29")
    assert (over.until, over.until_before) == (None, None)
    assert asked("compare=none").before is None


@pytest.mark.parametrize(
    ("text", "name", "fault"),
    [
        ("period=fortnight", "period", "Choose one of"),
        ("period=2026-02-30", "period", "no such day"),
        ("period=2026-11-02..2026-11-01", "period", "behind the last"),
        ("period=2019-12-31", "period", "Days from 2020-01-01"),
        ("period=2026-12-02", "period", "to 2026-12-01"),
        ("period=2025-10-26..2026-11-30", "period", f"At most {DAYS_MAX} days"),
        ("period=today&period=7d", "period", "once"),
        ("compare=never", "compare", "before, year, none"),
        ("currency=czk", "currency", "capital"),
        ("hour=24", "hour", "0 to 23"),
        ("hour=-1", "hour", "0 to 23"),
        ("weekday=7", "weekday", "0 to 6"),
        ("method=shells", "method", "cash"),
        ("type=gift", "type", "refund"),
        ("late=yes", "late", "1"),
        ("terminal=99999999999", "terminal", "whole number"),
        ("product=9007199254740992", "product", "whole number"),
        (f"search={'x' * 121}", "search", "120"),
        (f"category={'x' * 61}", "category", "60"),
        ("search=a%00b", "search", "printed"),
    ],
)
def test_faults_are_named(text: str, name: str, fault: str) -> None:
    with pytest.raises(FiltersError) as caught:
        asked(text)
    assert list(caught.value.faults) == [name]
    assert fault in caught.value.faults[name]


def test_all_faults_are_named_at_once_and_other_names_are_left_alone() -> None:
    with pytest.raises(FiltersError) as caught:
        asked("hour=x&weekday=9&utm_source=mail")
    assert set(caught.value.faults) == {"hour", "weekday"}


def test_as_many_days_as_the_limit() -> None:
    assert asked(f"period={TODAY - timedelta(DAYS_MAX - 1)}..{TODAY}").span.days == DAYS_MAX


@pytest.mark.parametrize("store", [str(RIVAL), "12345", "abc", "-1", "0x1"])
def test_another_retailers_store_is_as_none(store: str) -> None:
    with pytest.raises(UnknownStoreError):
        asked(f"store={store}")


def test_more_stores_than_an_address_has_room_for() -> None:
    text = "&".join(f"store={number}" for number in range(STORES_MAX + 1))
    with pytest.raises(FiltersError, match="At most"):
        asked(text, allowed=tuple(range(STORES_MAX + 1)))


def test_links_keep_the_rest() -> None:
    filters = asked("period=28d&store=12&compare=year&utm_source=mail&category=Dairy")
    changed = filters.query(period=Span(TODAY, TODAY), hour=9, category="")
    assert parse_qsl(changed) == [("period", "2026-11-30"), ("compare", "year"), ("store", "12"), ("hour", "9")]
    assert parse_qs(filters.query(stores=()))["category"] == ["Dairy"]
    assert "store=" not in filters.query(stores=())
    with pytest.raises(TypeError, match="colour"):
        filters.query(colour="red")


def test_chosen_stores() -> None:
    assert asked("").chosen(STORES) == STORES
    assert asked("store=12&store=12").chosen(STORES) == (12,)


def test_a_retailer_s_sums_are_for_who_sees_all_stores_and_chooses_none() -> None:
    assert asked("", retailer=1).whole == 1
    assert asked("store=", retailer=1).whole == 1
    assert asked("store=12", retailer=1).whole is None
    assert asked("", retailer=1).narrowed(stores=(11,)).whole is None
    # A store manager, even of every store that there is.
    assert asked("").whole is None
    assert "retailer" not in asked("", retailer=1).query(period="7d")
