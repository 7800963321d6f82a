"""Payments, taxes, corrections, discounts, stores and baskets against rows whose sums are known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics import pages
from analytics.models import BasketDay, PaymentDay, StoreHour, TaxDay, TerminalDay
from analytics.tests.conftest import NOW, RIVAL, STORES, TODAY, asked, figure, panel

Make = Callable[..., StoreHour]
YESTERDAY = TODAY - timedelta(1)


@pytest.fixture
def returned(registry: None, hour: Make) -> None:
    """Store 11 sold 4 for 40.00 and gave back 10.00; store 12 only voided 5.00; a rival gave back much."""
    hour(YESTERDAY, 9, sales=4, gross=4000, discounts=1000, discounted=1)
    hour(YESTERDAY, 10, sales=0, gross=0, lines=0, refunds=1, refunded=-1000)
    hour(TODAY, 9, store=12, sales=0, gross=0, lines=0, voids=1, voided=-500)
    hour(TODAY, 9, store=RIVAL, refunds=9, refunded=-9999, discounted=1, discounts=5)
    at = datetime(2026, 11, 29, 9, tzinfo=UTC)
    for terminal, store, refunds in ((75, 11, 1), (76, 12, 2), (139, 11, 0), (163, RIVAL, 9)):
        TerminalDay.objects.create(
            terminal=terminal, day=YESTERDAY, currency="CZK", store=store, sales=2, refunds=refunds, voids=0, amount=1,
            offline=0, late=0, first_issued_at=at, last_issued_at=at, first_sequence=1, last_sequence=2,
        )  # fmt: skip


def money(text: str = "") -> pages.PageData:
    return pages.money(asked(text), STORES, NOW)


@pytest.mark.django_db
def test_nothing_was_sold() -> None:
    page = money()
    assert [one.value for one in page.figures] == [0, 0, None, 0, None, None]
    assert [one.rows for one in page.panels] == [[]] * 7


def test_days_without_a_correction_have_their_place_among_the_others(returned: None, hour: Make) -> None:
    day = YESTERDAY - timedelta(3)
    hour(day, 9, sales=4)
    assert [row[:3] for row in panel(money(), "corrections-by-day").rows] == [
        (day, 0, 0),
        (YESTERDAY, 1, 0),
        (TODAY, 0, 1),
    ]


def test_sales_alone_make_no_picture_of_corrections(registry: None, hour: Make) -> None:
    hour(YESTERDAY, 9, sales=4)
    assert panel(money(), "corrections-by-day").rows == []


def test_corrections(returned: None) -> None:
    page = money()
    assert [figure(page, key).value for key in ("refunded", "voided", "returned")] == [-1000, -500, 3750]
    assert panel(page, "corrections-by-day").rows == [
        (YESTERDAY, 1, 0, -1000, 0, 2500),
        (TODAY, 0, 1, 0, -500, None),
    ]
    assert panel(page, "corrections-by-store").rows == [
        ("High Street", 1, 0, -1000, 0, 2500),
        ("Mill Lane", 0, 1, 0, -500, None),
    ]
    assert panel(page, "corrections-by-store").links == [
        "receipts?period=28d&store=11&type=refund",
        "receipts?period=28d&store=12&type=void",
    ]
    assert panel(page, "corrections-by-terminal").rows == [
        ("76", "Mill Lane", 2, 2, 0, 10_000),
        ("75", "High Street", 2, 1, 0, 5000),
    ]


def test_discounts(returned: None) -> None:
    page = money()
    assert [figure(page, key).value for key in ("discounts", "depth", "discounted")] == [1000, 2000, 2500]
    assert panel(page, "discounts-by-day").rows == [(YESTERDAY, 1000, 2000, 1, 2500)]
    assert panel(page, "discounts-by-store").rows == [("High Street", 1000, 2000, 1, 2500)]


def test_payments_and_taxes(db: None) -> None:
    for store, day, method, amount in (
        (11, TODAY, "cash", 5000),
        (11, YESTERDAY, "cash", 1000),
        (12, YESTERDAY, "card", 3000),
        (11, TODAY - timedelta(29), "cash", 800),
        (11, TODAY - timedelta(28), "cash", 9999),  # Against today.
        (RIVAL, TODAY, "cash", 7777),
    ):
        PaymentDay.objects.create(store=store, day=day, method=method, currency="CZK", payments=2, amount=amount)
    for store, code, rate in ((11, "A", "21"), (12, "A", "21"), (11, "Z", ""), (RIVAL, "A", "21")):
        TaxDay.objects.create(store=store, day=TODAY, code=code, rate=rate, currency="CZK", net=100, tax=21)
    page = money("currency=CZK")
    assert panel(page, "payments").rows == [("cash", 6000, 6667, 4, 800, 2500), ("card", 3000, 3333, 2, 0, None)]
    assert panel(page, "taxes").rows == [("A", "21", 200, 42, 242), ("Z", "", 100, 21, 121)]


def test_stores_compared(registry: None, hour: Make) -> None:
    hour(TODAY, 9, gross=3000, refunds=1, refunded=-600)
    hour(TODAY, 14, gross=50_000)  # Not over.
    hour(TODAY - timedelta(7), 13, gross=1200)
    hour(TODAY - timedelta(7), 14, gross=7777)
    hour(TODAY, 9, store=RIVAL)
    page = pages.stores(asked("period=today"), STORES, NOW)
    assert page.panels[0].rows == [
        ("High Street", 52_400, 2, 26_500, 113, 1200, 10_000),
        ("Mill Lane", 0, 0, None, None, 0, None),
    ]
    assert page.panels[0].links == ["overview?period=today&store=11", "overview?period=today&store=12"]


def test_baskets(db: None) -> None:
    for lines, sales, amount in ((1, 5, 500), (2, 2, 600), (7, 2, 1900), (100, 1, 7000)):
        BasketDay.objects.create(store=11, day=TODAY, lines=lines, currency="CZK", sales=sales, amount=amount)
    BasketDay.objects.create(store=RIVAL, day=TODAY, lines=3, currency="CZK", sales=9, amount=9)
    page = pages.baskets(asked(""), STORES, NOW)
    assert [one.value for one in page.figures] == [10, 1000, 123_000, 1]
    assert page.panels[0].rows == [
        ("1", 5, 5000, 100, 500, 500),
        ("2", 2, 2000, 300, 600, 600),
        ("6 to 7", 2, 2000, 950, 1900, 1900),
        ("50 or more", 1, 1000, 7000, 7000, 7000),
    ]


def test_no_baskets(db: None) -> None:
    page = pages.baskets(asked(""), STORES, NOW)
    assert [one.value for one in page.figures] == [0, None, None, None]
    assert page.panels[0].rows == []


@pytest.mark.parametrize(
    ("page", "queries"), [("money", 8), ("stores", 4), ("baskets", 3), ("health", 4), ("peers", 3)]
)
def test_queries(returned: None, django_assert_num_queries: Any, page: str, queries: int) -> None:
    with django_assert_num_queries(queries):
        pages.PAGES[page](asked("period=28d"), STORES, NOW)


def test_a_category_is_said_to_be_left_out_of_account(db: None) -> None:
    assert money("category=Dairy").notes
    assert not money().notes
