"""What the database itself refuses of the journal, whoever asks and however."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError, ProgrammingError

from accounting.books.chart import open_books
from accounting.books.models import Account, Books, JournalEntry, JournalLine
from accounting.books.posting import post_close, reverse, write_entry
from accounting.books.writing import Draft, DraftLine
from accounting.tests.closes import DAY, NOW, make_close, make_figures, sold
from tests.factories import make_retailer, make_store
from tests.roles import as_role, make_roles
from transactions.models import Store

pytestmark = pytest.mark.django_db
ENTRY = (
    "INSERT INTO accounting_journalentry (retailer_id, number, kind, dated, currency, total, line_count, text, made_at,"
    " reverses_id) VALUES (%s, %s, %s, %s, 'CZK', %s, %s, '', now(), %s) RETURNING id"
)
LINE = (
    "INSERT INTO accounting_journalline (entry_id, position, account_id, amount, text, tax_code, tax_rate) "
    "VALUES (%s, %s, %s, %s, '', '', '')"
)
TRIGGERS_OFF = ("ALTER TABLE accounting_journalline DISABLE TRIGGER ALL", "SET session_replication_role = replica")
TABLES = ("accounting_journalentry", "accounting_journalline", "accounting_storeclose", "accounting_cashup")


@pytest.fixture
def shop() -> Store:
    """A store whose retailer's books have one close."""
    store = make_store()
    post_close(make_close(store, make_figures([sold(1000, 210)])), NOW)
    check_now()
    return store


def check_now() -> None:
    """What would be looked at when the DB transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def refused(why: str, error: type[DatabaseError] = IntegrityError) -> Iterator[None]:
    """The commit of what is done inside is refused for this reason."""
    with pytest.raises(error, match=why), transaction.atomic():  # noqa: PT012
        yield
        check_now()


def add_entry(
    store: Store,
    *amounts: int,
    number: int = 2,
    total: int | None = None,
    count: int | None = None,
    day: date = DAY,
    reverses: JournalEntry | None = None,
) -> int:
    """An entry by plain SQL, right unless told otherwise."""
    account = cash(store).pk
    debits = sum(amount for amount in amounts if amount > 0) if total is None else total
    kind = "reversal" if reverses else "manual"
    with connection.cursor() as cursor:
        cursor.execute(
            ENTRY,
            [store.retailer_id, number, kind, day, debits, count or len(amounts), reverses.pk if reverses else None],
        )
        entry: int = cursor.fetchone()[0]
        for position, amount in enumerate(amounts, start=1):
            cursor.execute(LINE, [entry, position, account, amount])
    return entry


def cash(store: Store) -> Account:
    return Account.objects.get(retailer=store.retailer_id, number="1000")


def test_an_entry_that_balances_is_taken(shop: Store) -> None:
    add_entry(shop, 500, -300, -200)
    check_now()
    assert JournalEntry.objects.count() == 2


def test_an_entry_that_does_not_balance_is_refused(shop: Store) -> None:
    for wrong in ((500, -499), (500, 500), (-500, -1), (2**62, 2**62, -(2**62), -(2**62) + 1)):
        with refused("an_entry_balances|does not balance"):
            add_entry(shop, *wrong, total=500)


def test_an_entry_says_how_many_lines_and_how_much(shop: Store) -> None:
    with refused("does not balance"):
        add_entry(shop, 500, -500, count=3)
    with refused("does not balance"):
        add_entry(shop, 500, -500, total=499)
    with refused("does not balance"):
        add_entry(shop, total=500, count=2)
    with refused("an_entry_has_two_lines"):
        add_entry(shop, 500, count=1)
    with refused("a_line_moves_something"):
        add_entry(shop, 500, -500, 0)


def test_no_line_comes_later_not_even_two_that_balance(shop: Store) -> None:
    entry = JournalEntry.objects.get()
    with refused("does not balance"), connection.cursor() as cursor:
        cursor.execute(LINE, [entry.pk, 10, cash(shop).pk, 5])
        cursor.execute(LINE, [entry.pk, 11, cash(shop).pk, -5])
    with refused("does not balance"):
        JournalLine.objects.create(entry=entry, position=12, account=cash(shop), amount=1)


def test_a_line_of_no_entry_is_refused(shop: Store) -> None:
    with refused("foreign key"), connection.cursor() as cursor:
        cursor.execute(LINE, [10**9, 1, cash(shop).pk, 5])


def test_accounts_of_another_retailer_are_refused(shop: Store) -> None:
    rival = make_retailer("Rival")
    open_books(rival.pk)
    theirs = Account.objects.get(retailer=rival, number="1000").pk
    with refused("another retailer"), connection.cursor() as cursor:
        entry = add_entry(shop, 5, total=10, count=3)
        cursor.execute(LINE, [entry, 2, theirs, 5])
        cursor.execute(LINE, [entry, 3, theirs, -10])
    with refused("another retailer"):
        write_entry(
            Draft(shop.retailer_id, "manual", DAY, "CZK", "", (DraftLine(theirs, 5), DraftLine(theirs, -5))), NOW
        )
    with refused("store of another retailer"):
        own = cash(shop).pk
        lines = (DraftLine(own, 5), DraftLine(own, -5))
        write_entry(Draft(shop.retailer_id, "manual", DAY, "CZK", "", lines, make_store(rival).pk), NOW)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE", "DELETE FROM {} WHERE false"]
)
def test_nothing_is_changed_or_taken_away(shop: Store, table: str, statement: str) -> None:
    with refused("books are only added to", ProgrammingError), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_an_insert_that_would_change_a_line_is_refused(shop: Store) -> None:
    line = JournalLine.objects.all()[0]
    with refused("books are only added to", ProgrammingError), connection.cursor() as cursor:
        cursor.execute(
            LINE + " ON CONFLICT (entry_id, position) DO UPDATE SET amount = 1",
            [line.entry_id, line.position, line.account_id, 5],
        )


def test_numbers_run_without_a_gap(shop: Store) -> None:
    with refused("follows no other"):
        add_entry(shop, 5, -5, number=3)
    with refused("follows no other"):
        add_entry(shop, 5, -5, number=0)
    with refused("entry_numbers_differ"):
        add_entry(shop, 5, -5, number=1)


def test_nothing_is_dated_on_a_locked_day_and_no_lock_goes_back(shop: Store) -> None:
    Books.objects.update(locked_until=DAY)
    with refused("locked until"):
        add_entry(shop, 5, -5)
    add_entry(shop, 5, -5, day=DAY + timedelta(days=1))
    check_now()
    for back in (None, DAY - timedelta(days=1)):
        with refused("books are only added to", ProgrammingError):
            Books.objects.update(locked_until=back)
    with refused("books are only added to", ProgrammingError):
        Books.objects.update(last_number=0)
    with refused("books are only added to", ProgrammingError):
        Books.objects.all().delete()


def test_an_account_stays_what_it_is_and_a_used_one_stays(shop: Store) -> None:
    for change in ({"number": "9"}, {"kind": "income"}, {"retailer": make_retailer()}):
        with refused("books are only added to", ProgrammingError):
            Account.objects.filter(pk=cash(shop).pk).update(**change)
    with refused("foreign key"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounting_postingrule")
        cursor.execute("DELETE FROM accounting_account WHERE id = %s", [cash(shop).pk])


def test_a_reversal_takes_back_all_of_one_entry_once(shop: Store) -> None:
    entry = JournalEntry.objects.get()
    with refused("no reversal of entry"):
        add_entry(shop, 5, -5, reverses=entry)
    with refused("does not take back"):
        add_entry(shop, 1210, -1000, -210, reverses=entry)
    reverse(entry, None, NOW)
    check_now()
    with refused("reverses_id"):
        add_entry(shop, 1210, -1000, -210, number=3, reverses=entry)


def test_a_close_is_posted_once(shop: Store) -> None:
    close = JournalEntry.objects.get().close
    lines = (DraftLine(cash(shop).pk, 5), DraftLine(cash(shop).pk, -5))
    with refused("a_close_is_posted_once"):
        write_entry(Draft(shop.retailer_id, "close", DAY, "CZK", "", lines, close=close), NOW)


@pytest.mark.django_db(transaction=True)
def test_the_web_posts_and_changes_nothing_and_a_commit_is_refused() -> None:
    store = make_store()
    make_roles()
    with as_role("web"):
        post_close(make_close(store, make_figures([sold(1000, 210)])), NOW)
        reverse(JournalEntry.objects.get(), None, NOW)
        with pytest.raises(IntegrityError, match="does not balance"):
            add_entry(store, 500, -499, number=3, total=500)
        changes = [
            statement.format(table)
            for table in TABLES
            for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE")
        ]
        for statement in changes:
            with (
                pytest.raises(ProgrammingError, match=r"only added to|permission denied"),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        for statement in TRIGGERS_OFF:
            with (
                pytest.raises(ProgrammingError, match=r"must be owner|permission denied"),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
    assert JournalEntry.objects.count() == 2
