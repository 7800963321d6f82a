"""Entries of closes, by hand, and reversals: what they hold, how they are numbered and dated."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from accounting.books.chart import add_account, change_account, open_books, set_rule
from accounting.books.faults import BooksFault
from accounting.books.manual import ManualEntry, ManualLine, lock_until, write_by_hand
from accounting.books.models import Account, Books, JournalEntry, PostingRule
from accounting.books.posting import post_close, post_closes, reverse
from accounting.tests.closes import DAY, NOW, make_close, make_figures, sold
from possys.accounts.models import User
from tests.cast import make_user
from tests.factories import make_store
from transactions.models import Store

pytestmark = pytest.mark.django_db
# Of NOW, where the site is.
TODAY = date(2026, 11, 30)


@pytest.fixture
def store(db: None) -> Store:
    return make_store()


@pytest.fixture
def clerk(db: None) -> User:
    return make_user("clerk")


def lines(entry: JournalEntry) -> list[tuple[str, int]]:
    return [(line.account.number, line.amount) for line in entry.lines.select_related("account").order_by("position")]


def by_hand(store: Store, clerk: User, *amounts: int, day: date = DAY, account: str = "1000") -> JournalEntry:
    """Debits, or credits where negative, of one account."""
    rows = tuple(ManualLine(account, max(amount, 0), max(-amount, 0)) for amount in amounts)
    return write_by_hand(store.retailer_id, ManualEntry(day, "CZK", "By hand", rows), clerk, NOW)


def test_a_close_is_posted_by_method_tax_and_kind_of_line(store: Store) -> None:
    row = sold(2000, 420, items=1210, deposits=605, vouchers=605)
    food = sold(1000, 120, code="B", rate="12.00")
    figures = make_figures([row, food], {"cash": 1000, "card": 2000, "voucher": 540})
    [entry] = post_close(make_close(store, figures), NOW)
    assert lines(entry) == [
        ("1100", 2000), ("1000", 1000), ("1120", 540), ("4000", -1000), ("2100", -420), ("4000", -1000), ("2100", -120),
        ("2200", -500), ("2210", -500),
    ]  # fmt: skip
    assert (entry.number, entry.dated, entry.for_day, entry.total) == (1, DAY, None, 3540)
    assert entry.text == "Close of High Street, 2026-11-20"
    taxed = [(line.tax_code, line.tax_rate, line.text) for line in entry.lines.order_by("position") if line.tax_code]
    assert taxed[:2] == [("A", "21.00", "Sales A 21.00 %"), ("A", "21.00", "Tax A 21.00 %")]


def test_every_currency_has_an_entry_of_its_own_and_one_that_moves_nothing_has_none(store: Store) -> None:
    nothing = make_figures([], {"cash": 0}, currency="USD")
    close = make_close(store, make_figures([sold(100, 21)]), make_figures([sold(50, 5)], currency="EUR"), nothing)
    assert [(entry.number, entry.currency) for entry in post_close(close, NOW)] == [(1, "CZK"), (2, "EUR")]


def test_posting_a_close_again_answers_what_there_is(store: Store) -> None:
    close = make_close(store, make_figures([sold(100, 21)]))
    assert post_close(close, NOW) == post_close(close, NOW + timedelta(days=1))
    assert JournalEntry.objects.count() == 1


def test_a_supplement_posts_what_came_later_and_no_more(store: Store) -> None:
    post_close(make_close(store, make_figures([sold(1000, 210)])), NOW)
    [later] = post_close(make_close(store, make_figures([sold(-100, -21)]), part=2), NOW)
    assert lines(later) == [("1000", -121), ("4000", 100), ("2100", 21)]
    assert later.text.endswith(", supplement 1")


def test_a_locked_day_is_posted_on_the_first_open_one_and_named(store: Store) -> None:
    open_books(store.retailer_id)
    lock_until(store.retailer_id, DAY + timedelta(days=3), NOW)
    [entry] = post_close(make_close(store, make_figures([sold(1000, 210)])), NOW)
    assert (entry.dated, entry.for_day) == (DAY + timedelta(days=4), DAY)


def test_what_has_no_rule_is_posted_where_the_purpose_is(store: Store) -> None:
    figures = make_figures([sold(1000, 210, code="ZZ", others=121, items=1089)], {"barter": 1210})
    [entry] = post_close(make_close(store, figures), NOW)
    assert lines(entry) == [("1290", 1210), ("4000", -900), ("2100", -210), ("4900", -100)]


def test_no_setting_stops_a_close(store: Store) -> None:
    open_books(store.retailer_id)
    PostingRule.objects.all().delete()
    Account.objects.filter(number="4000").delete()
    [entry] = post_close(make_close(store, make_figures([sold(1000, 210)])), NOW)
    assert lines(entry) == [("1000", 1210), ("4000", -1000), ("2100", -210)]


def test_a_rule_of_its_own_comes_first(store: Store) -> None:
    retailer = open_books(store.retailer_id).pk
    low = add_account(retailer, number="2112", name="Output VAT 12 %", kind="liability")
    food = add_account(retailer, number="4012", name="Food", kind="income")
    set_rule(retailer, purpose="tax", key="B", account=low)
    set_rule(retailer, purpose="revenue", key="B", account=food)
    figures = make_figures([sold(1000, 210), sold(500, 60, code="B", rate="12.00")])
    [entry] = post_close(make_close(store, figures), NOW)
    assert lines(entry)[1:] == [("4000", -1000), ("2100", -210), ("4012", -500), ("2112", -60)]
    set_rule(retailer, purpose="tax", key="B", account=None)
    [entry] = post_close(make_close(store, figures, part=2), NOW)
    assert lines(entry)[-1] == ("2100", -60)


def test_rules_are_refused_that_make_no_sense(store: Store) -> None:
    retailer = open_books(store.retailer_id).pk
    cash = Account.objects.get(retailer=retailer, number="1000")
    theirs = Account.objects.get(retailer=open_books(make_store().retailer_id).pk, number="1000")
    for purpose, key, account, why in (
        ("payment", "shells", cash, "Choose one of cash"),
        ("line", "item", cash, "Choose one of deposit"),
        ("rounding", "A", cash, "only one rule"),
        ("tax", "A", cash, "liability"),
        ("revenue", "A", cash, "income"),
        ("payment", "cash", theirs, "in use"),
        ("payment", "", None, "needs an account"),
        ("tax", "123456789", cash, "8 characters"),
    ):
        with pytest.raises(BooksFault, match=why):
            set_rule(retailer, purpose=purpose, key=key, account=account)


def test_an_account_that_something_is_posted_to_stays_in_use(store: Store) -> None:
    retailer = open_books(store.retailer_id).pk
    bank = Account.objects.get(retailer=retailer, number="1020")
    cash = Account.objects.get(retailer=retailer, number="1000")
    change_account(bank, name="Our bank", is_active=False)
    with pytest.raises(BooksFault, match="Payment method cash"):
        change_account(cash, name="Cash", is_active=False)
    with pytest.raises(BooksFault, match="in use"):
        set_rule(retailer, purpose="payment", key="cash", account=bank)
    with pytest.raises(BooksFault, match="already"):
        add_account(retailer, number="1020", name="Another", kind="asset")


def test_entries_by_hand_balance_or_are_refused_with_a_reason(store: Store, clerk: User) -> None:
    assert lines(by_hand(store, clerk, 500, -200, -300)) == [("1000", 500), ("1000", -200), ("1000", -300)]
    for amounts, why in (
        ((500, -499), "CZK.5.00 of debits and CZK.4.99"),
        ((500,), "CZK.0.00 of credits"),
        ((), "moves something"),
    ):
        with pytest.raises(BooksFault, match=why):
            by_hand(store, clerk, *amounts)
    with pytest.raises(BooksFault, match="There is no account 77"):
        by_hand(store, clerk, 5, -5, account="77")
    both = ManualEntry(DAY, "CZK", "", (ManualLine("1000", 5, 5),))
    with pytest.raises(BooksFault, match="Give a debit or a credit"):
        write_by_hand(store.retailer_id, both, clerk, NOW)
    with pytest.raises(BooksFault, match="until today"):
        by_hand(store, clerk, 5, -5, day=TODAY + timedelta(days=1))
    lock_until(store.retailer_id, DAY, NOW)
    with pytest.raises(BooksFault, match="locked until 2026-11-20"):
        by_hand(store, clerk, 5, -5)
    assert Books.objects.get().last_number == 1


def test_an_entry_is_reversed_once_and_so_is_its_reversal(store: Store, clerk: User) -> None:
    [entry] = post_close(make_close(store, make_figures([sold(1000, 210)])), NOW)
    back = reverse(entry, clerk, NOW)
    assert lines(back) == [(number, -amount) for number, amount in lines(entry)]
    assert (back.dated, back.number, back.store, back.made_by) == (DAY, 2, store, clerk)
    with pytest.raises(BooksFault, match="reversed already"):
        reverse(entry, clerk, NOW)
    assert lines(reverse(back, clerk, NOW)) == lines(entry)


def test_a_lock_goes_forward_until_yesterday(store: Store) -> None:
    retailer = open_books(store.retailer_id).pk
    with pytest.raises(BooksFault, match="until 2026-11-29"):
        lock_until(retailer, TODAY, NOW)
    lock_until(retailer, TODAY - timedelta(days=1), NOW)
    lock_until(retailer, TODAY - timedelta(days=1), NOW)
    with pytest.raises(BooksFault, match="never taken back"):
        lock_until(retailer, DAY, NOW)


def test_a_close_takes_few_queries(store: Store, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    open_books(store.retailer_id)
    close = make_close(store, make_figures([sold(1000, 210)] * 5))
    # Books, known entries, rules, books again, number, entry, lines; the savepoints.
    with django_assert_max_num_queries(14):
        post_close(close, NOW)


def test_many_closes_at_once_are_posted_as_one_by_one(store: Store) -> None:
    other = make_store(store.retailer, name="Mill Lane")
    euros = make_figures([sold(50, 5)], currency="EUR")
    first = make_close(store, make_figures([sold(1000, 210)]), euros)
    again = post_close(first, NOW)
    closes = [
        first,
        make_close(other, make_figures([sold(70, 0)])),
        make_close(store, part=2),
        make_close(other, euros, part=2),
    ]
    entries = post_closes(closes, NOW)
    assert entries[:2] == again
    assert [(entry.number, entry.text, entry.currency, lines(entry)) for entry in entries[2:]] == [
        (3, "Close of Mill Lane, 2026-11-20", "CZK", [("1000", 70), ("4000", -70)]),
        (4, "Close of Mill Lane, 2026-11-20, supplement 1", "EUR", [("1000", 55), ("4000", -50), ("2100", -5)]),
    ]
    assert Books.objects.get().last_number == 4
    assert post_closes(closes, NOW) == entries
    assert post_closes([], NOW) == []


@pytest.mark.django_db(transaction=True)
def test_stores_that_close_at_the_same_time_are_numbered_without_a_gap() -> None:
    first = make_store()
    closes = [make_close(make_store(first.retailer), make_figures([sold(1000, 210)])) for _ in range(6)]

    def post(number: int) -> None:
        with transaction.atomic():
            post_close(closes[number], NOW)
        connection.close()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(JournalEntry.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Account.objects.count() == 22
