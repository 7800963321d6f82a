"""The list of receipts behind a figure: what it holds, page by page, and that each filter narrows it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from analytics.models import Product, SaleRow
from analytics.queries import receipts as listed
from analytics.queries.receipts import AfterError, receipts
from analytics.tests.conftest import NOW, RIVAL, STORES, TODAY, asked
from ledger.models import identity_of
from possys import receipt_keys
from possys.codes import Environment

MONDAY = TODAY


def make_sale(sequence: int, day: date = TODAY, at: int = 10, *, store: int = 11, **changes: Any) -> SaleRow:
    terminal = changes.pop("terminal", 64 + store)
    fields: dict[str, Any] = {
        "type": 0, "currency": "CZK", "total": 1000, "discounts": 0, "lines": 2, "methods": 1, "is_late": False,
        "products": [7],
    }  # fmt: skip
    return SaleRow.objects.create(
        identity=identity_of(terminal, sequence), store=store, day=day, hour=at,
        issued_at=datetime(day.year, day.month, day.day, at, tzinfo=UTC), **{**fields, **changes},
    )  # fmt: skip


def identities(text: str = "") -> list[int]:
    """The sequences on the first page."""
    page = receipts(asked(text), STORES)
    codes = [str(row[-1]) for row in page.panel.rows]
    return [receipt_keys.table().decode(code).sequence for code in codes]


def test_a_receipt_is_found_by_its_code(registry: None) -> None:
    make_sale(5, methods=0b11, is_late=True, discounts=50)
    make_sale(6, store=RIVAL)
    page = receipts(asked("period=today"), STORES)
    code = receipt_keys.table().encode(Environment.PRODUCTION, TODAY, 75, 5)
    at = datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert page.panel.rows == [(at, "High Street", "75", "sale", 1000, "CZK", 50, 2, "cash, card", "late", code)]
    assert page.panel.links == [receipt_keys.links().ending_of(code)]
    assert (page.after, page.looked_to) == ("", TODAY)


def test_no_receipts(registry: None) -> None:
    page = receipts(asked("period=28d"), STORES)
    assert (page.panel.rows, page.after, page.count) == ([], "", 0)


def test_pages_go_back_without_a_gap_or_a_repetition(registry: None) -> None:
    moments = [(TODAY - timedelta(n // 9), 8 + n % 3, n) for n in range(200)]
    for day, at, number in moments:
        make_sale(number + 1, day, at)
    wanted = [number + 1 for day, at, number in sorted(moments, reverse=True)]
    found: list[int] = []
    after, turns = "", 0
    while True:
        page = receipts(asked("period=28d"), STORES, after)
        found += [receipt_keys.table().decode(str(row[-1])).sequence for row in page.panel.rows]
        assert len(page.panel.rows) <= listed.PAGE_ROWS
        turns += 1
        if not (after := page.after):
            break
    assert found == wanted
    assert turns == 4


def test_a_page_looks_back_so_many_days_only_and_the_next_goes_on(registry: None) -> None:
    make_sale(1, TODAY - timedelta(100))
    page = receipts(asked(f"period={TODAY - timedelta(200)}..{TODAY}"), STORES)
    assert (page.panel.rows, page.looked_to) == ([], TODAY - timedelta(listed.DAYS_A_PAGE - 1))
    pages, found = 1, 0
    while page.after:
        page = receipts(asked(f"period={TODAY - timedelta(200)}..{TODAY}"), STORES, page.after)
        pages, found = pages + 1, found + len(page.panel.rows)
    assert (found, page.looked_to) == (1, TODAY - timedelta(200))
    assert pages == 7


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [4, 3, 2, 1]),
        ("store=12", [3]),
        ("hour=11", [3]),
        ("weekday=6", [2, 1]),
        ("method=card", [2]),
        ("type=refund", [4]),
        ("late=1", [1]),
        ("terminal=76", [3]),
        ("product=9", [3]),
        ("category=Dairy", [3]),
        ("category=Bread", []),
        ("currency=EUR", [2]),
        ("type=sale&weekday=0", [3]),
    ],
)
def test_filters(registry: None, text: str, found: list[int]) -> None:
    newest = next(field.name for field in Product._meta.fields if field.name.startswith("named"))
    more: dict[str, Any] = {newest: NOW}
    Product.objects.create(id=9, retailer=1, key="s:9", name="Milk", category="Dairy", **more)
    Product.objects.create(id=7, retailer=2, key="s:7", name="Milk", category="Dairy", **more)
    make_sale(1, TODAY - timedelta(1), 9, is_late=True)
    make_sale(2, TODAY - timedelta(1), 10, methods=0b10, currency="EUR")
    make_sale(3, TODAY, 11, store=12, products=[7, 9])
    make_sale(4, TODAY, 12, type=1, total=-500)
    assert identities(f"period=7d&{text}") == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 9), ("type=refund", 2), ("late=1", 1), ("hour=10", 7), ("weekday=0", 7), ("currency=EUR", 0),
        ("method=cash", None), ("product=7", None), ("late=1&type=sale", None),
    ],
)  # fmt: skip
def test_counts_come_from_the_hours(registry: None, hour: Any, text: str, count: int | None) -> None:
    hour(TODAY, 10, sales=4, refunds=2, voids=1)
    hour(TODAY - timedelta(1), 9, sales=2, late=1)
    hour(TODAY, store=RIVAL)
    assert receipts(asked(f"period=7d&{text}"), STORES).count == count


@pytest.mark.parametrize("text", ["x", "2026-11-30_1", "2026-13-30_1_1", f"2026-11-30_1_{2**63}", "2026-11-30_1_1_1"])
def test_a_place_that_is_none(registry: None, text: str) -> None:
    with pytest.raises(AfterError):
        receipts(asked(""), STORES, text)


def test_queries(registry: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(listed.WINDOWS + 1):
        receipts(asked("period=year"), STORES)
    for number in range(1, 60):
        make_sale(number)
    with django_assert_num_queries(2):
        receipts(asked("period=year"), STORES)
