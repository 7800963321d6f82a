"""Pages by keyset: every row once, in order, forwards and backwards, whatever the columns hold."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import F, Value
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from possys.keyset import CURSOR_CHARACTERS_MAX, Cursor, Order, Place, order_of, page_of, read_cursor
from transactions.models import RegistryStep

BEGAN = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
# Columns with ties, with NULLs, texts that hold what addresses must not, and moments to the microsecond.
COLUMNS = ("retailer", "store", "terminal", "reason", "at", "id")

rows = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.none() | st.integers(1, 2),
        st.none() | st.integers(1, 2),
        st.sampled_from(["", "a", "A", "ä & = %", "'--", '"', "名"]),
        st.integers(0, 2),
    ),
    max_size=14,
)
orders = st.lists(st.sampled_from(COLUMNS), max_size=4, unique=True).flatmap(
    lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names))
)
ON_ONE_DATABASE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def made(given_rows: Any) -> Any:
    """Steps with these values, made in the DB transaction of one example."""
    RegistryStep.objects.bulk_create(
        RegistryStep(retailer=retailer, store=store, terminal=terminal, kind="changed", reason=reason, by="test")
        for retailer, store, terminal, reason, _ in given_rows
    )
    return RegistryStep.objects.all()


def walked(queryset: Any, order: Order, cursor: Cursor, rows_max: int, way: str) -> Iterator[Any]:
    """Page after page, each by the address that the page before gave."""
    for _ in range(100):
        page = page_of(queryset, order, cursor, rows_max)
        yield page
        following = getattr(page, way)
        if following is None:
            return
        cursor = read_cursor(following.written(order), order)
        assert cursor == following
    raise AssertionError("the pages never end")


@pytest.mark.django_db
@ON_ONE_DATABASE
@given(given_rows=rows, order_by=orders, rows_max=st.integers(1, 5))
def test_every_row_is_met_once_and_in_order_on_the_way_there_and_back(
    given_rows: Any, order_by: tuple[str, ...], rows_max: int
) -> None:
    with transaction.atomic():
        queryset = made(given_rows).order_by(*order_by)
        order = order_of(queryset)
        # PostgreSQL's own order is the oracle.
        whole = list(queryset.order_by(*(str(column) for column in order)))
        there = list(walked(queryset, order, Cursor(), rows_max, "next"))
        assert [row for page in there for row in page.rows] == whole
        assert [page.position for page in there] == [1 + rows_max * place for place in range(len(there))]
        assert all(len(page.rows) == rows_max for page in there[:-1])
        assert there[-1].total == len(whole)
        back = list(walked(queryset, order, Cursor(Place.LAST), rows_max, "previous"))
        # The page at the beginning is a whole one, so it may show again what the one behind it has shown.
        assert len(back[-1].rows) == min(rows_max, len(whole))
        assert back[-1].position == 1
        met = [row for page in back[:-1] for row in reversed(page.rows)]
        assert met == whole[::-1][: len(met)]
        assert met[::-1] == whole[len(whole) - len(met) :]
        assert len(met) + len(back[-1].rows) >= len(whole)
        transaction.set_rollback(True)


@pytest.mark.django_db
@ON_ONE_DATABASE
@given(given_rows=rows, order_by=orders, place=st.integers(0, 13))
def test_forward_and_back_leads_to_the_same_rows(given_rows: Any, order_by: tuple[str, ...], place: int) -> None:
    with transaction.atomic():
        queryset = made(given_rows).order_by(*order_by)
        order = order_of(queryset)
        pages = list(itertools.islice(walked(queryset, order, Cursor(), 3, "next"), place + 1))
        if len(pages) > 1:
            before = page_of(queryset, order, pages[-1].previous, 3)
            assert (before.rows, before.position) == (pages[-2].rows, pages[-2].position)
        transaction.set_rollback(True)


@pytest.mark.django_db
@ON_ONE_DATABASE
@given(text=st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: "a" + raw.hex()))
def test_an_address_that_was_not_made_here_is_the_first_page(text: str) -> None:
    order = order_of(RegistryStep.objects.order_by("-at", "store"))
    cursor = read_cursor(text, order)
    assert cursor == (Cursor(Place.LAST) if text == "z" else Cursor())


@pytest.mark.parametrize(
    "values",
    [("x", None, "1"), ("2026-11-30T12:00:00+00:00", "no", "1"), ("2026-11-30T12:00:00+00:00", "1", None),
     ("2026-11-30T12:00:00+00:00", "1\0", "1"), ("2026-11-30T12:00:00+00:00", "1"), (1, 2, 3)],
)  # fmt: skip
def test_values_that_no_row_can_have_are_the_first_page(values: tuple[Any, ...]) -> None:
    order = order_of(RegistryStep.objects.order_by("-at", "store"))
    assert read_cursor(Cursor(Place.AFTER, values, 51).written(order), order) == Cursor()


def test_a_cursor_of_another_order_and_one_too_long_are_the_first_page() -> None:
    by_age, by_store = (order_of(RegistryStep.objects.order_by(name)) for name in ("-at", "store"))
    cursor = Cursor(Place.AFTER, (BEGAN, 7), 51)
    assert read_cursor(cursor.written(by_age), by_age) == cursor
    assert read_cursor(cursor.written(by_age), by_store) == Cursor()
    assert read_cursor("a" + "x" * CURSOR_CHARACTERS_MAX, by_age) == Cursor()


@pytest.mark.django_db
def test_rows_made_and_rows_of_the_same_moment_neither_repeat_nor_hide_others(ledger: Any) -> None:
    made([(1, 1, n, "", 0) for n in range(7)])
    queryset = RegistryStep.objects.order_by("-at")
    order = order_of(queryset)
    first = page_of(queryset, order, Cursor(), 3)
    # All of one bulk have one moment, or nearly; newer ones come before the first page and shift nothing behind it.
    made([(2, 2, 2, "", 0)])
    assert first.next is not None
    second = page_of(queryset, order, first.next, 3)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert {row.retailer for row in second.rows} == {1}


@pytest.mark.django_db
def test_a_page_takes_few_queries_none_of_which_counts_or_skips(ledger: Any) -> None:
    made([(1 + n % 3, 1, n, "", 0) for n in range(40)])
    queryset = RegistryStep.objects.order_by("retailer")
    order = order_of(queryset)
    with CaptureQueriesContext(connection) as queries:
        first = page_of(queryset, order, Cursor(), 5)
    assert len(queries) == 1
    assert first.next is not None
    with CaptureQueriesContext(connection) as queries:
        page_of(queryset, order, first.next, 5)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        page_of(queryset, order, Cursor(Place.LAST), 5)
    assert len(queries) == 1
    assert not [one["sql"] for one in queries if "OFFSET" in one["sql"] or "COUNT(" in one["sql"]]


def test_a_list_cannot_be_paged_by_what_is_no_column_or_has_nulls_elsewhere() -> None:
    for wrong in ("?", Value(1).asc(), F("store").asc(nulls_first=True), F("store").desc(nulls_last=True)):
        with pytest.raises(ImproperlyConfigured):
            order_of(RegistryStep.objects.order_by(wrong))
    natural = order_of(RegistryStep.objects.order_by(F("store").desc(nulls_first=True), F("retailer")))
    assert [str(column) for column in natural] == ["-store", "retailer", "id"]


def test_a_moment_keeps_its_microseconds_in_an_address() -> None:
    order = order_of(RegistryStep.objects.order_by("at"))
    cursor = Cursor(Place.BEFORE, (BEGAN + timedelta(microseconds=1), 9), None)
    assert read_cursor(cursor.written(order), order) == cursor
