"""The VAT ledger against closes, corrections of earlier periods, and the accounts of output tax."""

from datetime import date, timedelta

import pytest

from accounting.books.chart import add_account, open_books, set_rule
from accounting.books.manual import ManualEntry, ManualLine, lock_until, write_by_hand
from accounting.books.posting import post_close, reverse
from accounting.tests.closes import DAY, NOW, make_close, make_figures, sold
from accounting.vat.ledger import VatRow, vat_check, vat_rows
from tests.cast import make_user
from tests.factories import make_store
from transactions.models import Store

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1), date(2026, 10, 31)
NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture
def store(db: None) -> Store:
    return make_store()


def post(store: Store, *rows, day: date = DAY, part: int = 1):  # type: ignore[no-untyped-def]
    return post_close(make_close(store, make_figures(rows), day=day, part=part), NOW)


def rows(store: Store, period: tuple[date, date] = NOVEMBER) -> list[VatRow]:
    return vat_rows(store.retailer_id, "CZK", *period)


def check(store: Store, period: tuple[date, date] = NOVEMBER) -> tuple[int, int, int, str]:
    found = vat_check(store.retailer_id, "CZK", *period, rows(store, period))
    return found.ledger, found.from_closes, found.otherwise, found.sentence


def test_rows_are_by_rate_and_code_with_refunds_and_voids_apart(store: Store) -> None:
    post(store, sold(1000, 210, refunds_net=-100, refunds_tax=-21), sold(100, 12, code="B", rate="12.00"))
    second = make_store(store.retailer)
    post(second, sold(500, 105, rate="21", voids_net=-500, voids_tax=-105), sold(70, 0, code="Z", rate=""))
    post(make_store(), sold(9999, 999))
    assert rows(store) == [
        VatRow(False, "21", "A", 1500, 315, -100, -21, -500, -105),
        VatRow(False, "12", "B", 100, 12, 0, 0, 0, 0),
        VatRow(False, "", "Z", 70, 0, 0, 0, 0, 0),
    ]
    assert rows(store)[0].net == 900
    assert check(store)[:3] == (189 + 12, 189 + 12, 0)
    assert check(store)[3].endswith("agree.")
    assert rows(store, OCTOBER) == []
    assert vat_rows(store.retailer_id, "EUR", *NOVEMBER) == []


def test_days_that_cancel_each_other_are_in_it_though_nothing_is_posted(store: Store) -> None:
    assert post(store, sold(100, 21, voids_net=-100, voids_tax=-21, items=0)) == []
    assert rows(store) == [VatRow(False, "21", "A", 100, 21, 0, 0, -100, -21)]


def test_a_supplement_of_an_open_period_belongs_to_it(store: Store) -> None:
    day = date(2026, 10, 30)
    post(store, sold(1000, 210), day=day)
    post(store, sold(100, 21), day=day, part=2)
    assert [row.sales_net for row in rows(store, OCTOBER)] == [1100]
    assert rows(store) == []


def test_a_supplement_of_a_locked_period_is_a_correction_in_the_next(store: Store) -> None:
    day = date(2026, 10, 30)
    post(store, sold(1000, 210), day=day)
    lock_until(store.retailer_id, OCTOBER[1], NOW)
    post(store, sold(100, 21), day=day, part=2)
    post(store, sold(50, 10))
    assert [row.sales_net for row in rows(store, OCTOBER)] == [1000]
    assert [(row.is_correction, row.sales_net) for row in rows(store)] == [(False, 50), (True, 100)]
    assert check(store)[:3] == (31, 31, 0)
    assert check(store, OCTOBER)[:3] == (210, 210, 0)


def test_a_day_posted_later_in_its_own_period_is_no_correction(store: Store) -> None:
    open_books(store.retailer_id)
    lock_until(store.retailer_id, DAY, NOW)
    post(store, sold(100, 21))
    assert [(row.is_correction, row.sales_net) for row in rows(store)] == [(False, 100)]
    assert rows(store)[0] == vat_rows(store.retailer_id, "CZK", DAY - timedelta(days=1), DAY + timedelta(days=1))[0]
    assert vat_rows(store.retailer_id, "CZK", DAY, DAY) == []


def test_what_was_posted_by_hand_or_reversed_is_named(store: Store) -> None:
    [entry] = post(store, sold(1000, 210))
    by_hand = ManualEntry(DAY, "CZK", "", (ManualLine("2100", 50, 0), ManualLine("1020", 0, 50)))
    write_by_hand(store.retailer_id, by_hand, make_user("clerk"), NOW)
    assert check(store)[:3] == (210, 210, -50)
    assert "by hand or reversals" in check(store)[3]
    reverse(entry, None, NOW)
    assert check(store)[:3] == (210, 210, -260)


def test_the_check_follows_a_rule_that_changed_within_the_period(store: Store) -> None:
    post(store, sold(1000, 210))
    retailer = store.retailer_id
    other = add_account(retailer, number="2121", name="Output VAT 21 %", kind="liability")
    set_rule(retailer, purpose="tax", key="", account=other)
    post(store, sold(100, 21), day=DAY + timedelta(days=1))
    assert check(store)[:3] == (231, 231, 0)
