"""Counts of cash: what is expected, what is posted, how a wrong one is put right."""

from datetime import date, timedelta

import pytest

from accounting.books.faults import BooksFault
from accounting.books.manual import lock_until
from accounting.books.models import JournalEntry
from accounting.cash.counting import Count, count_cash
from accounting.cash.expecting import cash_sales, last_remaining
from accounting.cash.models import CashUp
from accounting.cash.queries import Counted, cash_ups
from accounting.days.models import TerminalPaymentDay
from accounting.tests.closes import DAY, NOW, make_close, make_figures, sold
from possys.accounts.models import User
from tests.cast import make_user
from tests.factories import make_store
from transactions.models import Store, Terminal

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(db: None) -> Store:
    made = make_store()
    Terminal.objects.create(number=64, store=made)
    return made


@pytest.fixture
def clerk(db: None) -> User:
    return make_user("clerk")


def count(
    store: Store,
    clerk: User,
    counted: int,
    *,
    banked: int = 0,
    opening: int | None = None,
    terminal: int | None = None,
    day: date = DAY,
    is_correction: bool = False,
) -> CashUp:
    asked = Count(store, terminal, day, "CZK", opening, counted, banked, is_correction=is_correction)
    return count_cash(asked, clerk, NOW)


def lines(entry: JournalEntry | None) -> list[tuple[str, int]]:
    assert entry is not None
    return [(line.account.number, line.amount) for line in entry.lines.select_related("account").order_by("position")]


def feed(store: Store, terminal: int, amount: int, method: str = "cash", day: date = DAY) -> None:
    TerminalPaymentDay.objects.create(
        store=store.pk, day=day, terminal=terminal, currency="CZK", method=method, payments=1, amount=amount
    )


def test_what_was_closed_is_expected_and_before_that_what_the_feed_has(store: Store) -> None:
    feed(store, 64, 500)
    feed(store, 65, 300)
    feed(store, 65, 70, "card")
    assert cash_sales(store.pk, None, DAY, "CZK") == 800
    assert cash_sales(store.pk, 64, DAY, "CZK") == 500
    assert cash_sales(store.pk, None, DAY, "EUR") == 0
    make_close(store, make_figures([sold(1000, 210)], {"cash": 1000, "card": 210}), terminal=64)
    make_close(store, make_figures([sold(-100, -21)]), part=2, terminal=64)
    assert cash_sales(store.pk, None, DAY, "CZK") == 1000 - 121
    assert cash_sales(store.pk, 64, DAY, "CZK") == 1000 - 121
    assert cash_sales(store.pk, 65, DAY, "CZK") == 0
    assert cash_sales(store.pk, None, DAY + timedelta(days=1), "CZK") == 0


def test_a_difference_and_what_is_banked_are_posted(store: Store, clerk: User) -> None:
    feed(store, 64, 1000)
    made = count(store, clerk, 1450, opening=500, banked=950)
    assert (made.expected, made.difference, made.remaining) == (1500, -50, 500)
    assert lines(made.entry) == [("1000", -50), ("6000", 50), ("1010", 950), ("1000", -950)]
    assert JournalEntry.objects.get().text == "Cash-up of High Street, 2026-11-20"


def test_a_count_that_moves_nothing_is_kept_without_an_entry(store: Store, clerk: User) -> None:
    assert count(store, clerk, 0).entry is None


def test_what_remained_is_the_next_opening(store: Store, clerk: User) -> None:
    count(store, clerk, 800, banked=300)
    assert last_remaining(store.pk, None, DAY, "CZK") is None
    assert count(store, clerk, 500, day=DAY + timedelta(days=1)).opening == 500
    assert count(store, clerk, 500, day=DAY + timedelta(days=2), opening=0).opening == 0
    assert last_remaining(store.pk, None, DAY + timedelta(days=9), "CZK") == 500
    assert last_remaining(store.pk, None, DAY + timedelta(days=9), "EUR") is None
    assert last_remaining(store.pk, 64, DAY + timedelta(days=9), "CZK") is None


def test_a_correction_reverses_and_posts_anew(store: Store, clerk: User) -> None:
    feed(store, 64, 1000)
    wrong = count(store, clerk, 900)
    with pytest.raises(BooksFault, match="counted already"):
        count(store, clerk, 1000)
    right = count(store, clerk, 1010, is_correction=True)
    assert right.replaces == wrong
    texts = list(JournalEntry.objects.order_by("number").values_list("kind", "reverses_id"))
    assert texts == [("cash_up", None), ("reversal", wrong.entry_id), ("cash_up", None)]
    assert lines(right.entry) == [("1000", 10), ("6000", -10)]
    third = count(store, clerk, 1000, is_correction=True)
    assert (third.replaces, third.entry) == (right, None)
    shown = cash_ups(Counted([store.pk], DAY, DAY, "CZK"), limit=10)
    assert [(one.counted, hasattr(one, "replaced_by")) for one in shown] == [(1000, False), (1010, True), (900, True)]


def test_what_a_replaced_count_left_is_no_opening(store: Store, clerk: User) -> None:
    count(store, clerk, 900)
    count(store, clerk, 700, is_correction=True)
    count(store, clerk, 800, is_correction=True)
    assert count(store, clerk, 0, day=DAY + timedelta(days=1)).opening == 800


def test_a_count_of_a_locked_day_is_posted_on_the_first_open_one(store: Store, clerk: User) -> None:
    count(store, clerk, 100)
    lock_until(store.retailer_id, DAY, NOW)
    right = count(store, clerk, 90, is_correction=True)
    assert {entry.dated for entry in JournalEntry.objects.filter(number__gt=1)} == {DAY + timedelta(days=1)}
    assert right.entry is not None
    assert right.entry.for_day == DAY


def test_counts_that_make_no_sense_are_refused(store: Store, clerk: User) -> None:
    with pytest.raises(BooksFault, match="nothing to correct"):
        count(store, clerk, 1, is_correction=True)
    with pytest.raises(BooksFault, match="cannot be taken to the bank"):
        count(store, clerk, 1, banked=2)
    with pytest.raises(BooksFault, match="no such terminal"):
        count(store, clerk, 1, terminal=65)
    with pytest.raises(BooksFault, match="yet"):
        count(store, clerk, 1, day=date(2026, 12, 2))
    count(store, clerk, 1, terminal=64)
    with pytest.raises(BooksFault, match="terminal by terminal"):
        count(store, clerk, 1)
    count(store, clerk, 1, day=DAY + timedelta(days=1))
    with pytest.raises(BooksFault, match="all terminals together"):
        count(store, clerk, 1, terminal=64, day=DAY + timedelta(days=1))
