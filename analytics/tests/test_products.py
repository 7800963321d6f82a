"""Products and categories against rows whose sums are known, and months against days."""

import calendar
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import pages
from analytics.filters import Span
from analytics.models import CategoryDay, PaymentDay, Product, ProductDay, ProductMonth
from analytics.queries.months import split
from analytics.tests.conftest import NOW, RIVAL, STORES, TODAY, asked, panel

SUMS = {"currency": "CZK", "quantity": 20_000, "discounts": 0, "baskets": 1}
Make = Callable[..., None]


@pytest.fixture
def sold(registry: None) -> Make:
    """Makes a product's and a category's day, and adds it to the product's month."""
    for retailer in (1, 2):
        for number, name in ((1, "Milk 3.5 %"), (2, "Rye bread")):
            fields: dict[str, Any] = {"id": number + 10 * (retailer - 1), "retailer": retailer, "key": f"s:{number}"}
            newest = next(field.name for field in Product._meta.fields if field.name.startswith("named"))
            Product.objects.create(**fields, name=name, category="Dairy" if number == 1 else "", **{newest: NOW})

    def make(product: int, day: date, amount: int, *, store: int = 11, currency: str = "CZK") -> None:
        sums = {**SUMS, "currency": currency, "amount": amount}
        ProductDay.objects.create(store=store, product=product, day=day, **sums)
        category = "Dairy" if product == 1 else ""
        CategoryDay.objects.create(store=store, day=day, category=category, **sums)
        PaymentDay.objects.get_or_create(
            store=store, day=day, method="cash", currency=currency, defaults={"payments": 1, "amount": amount}
        )
        month, is_new = ProductMonth.objects.get_or_create(
            store=store, product=product, month=day.replace(day=1), currency=currency, defaults={**sums}
        )
        if not is_new:
            ProductMonth.objects.filter(pk=month.pk).update(
                amount=month.amount + amount, quantity=month.quantity + 20_000, baskets=month.baskets + 1
            )

    return make


def rows(text: str, key: str = "top-products") -> list[tuple[Any, ...]]:
    return list(panel(pages.products(asked(text), STORES, NOW), key).rows)


@pytest.mark.django_db
def test_nothing_was_sold() -> None:
    page = pages.products(asked(""), STORES, NOW)
    assert [one.rows for one in page.panels] == [[], [], [], []]


def test_top_products(sold: Make) -> None:
    sold(1, TODAY - timedelta(1), 500)
    sold(1, TODAY - timedelta(1), 250, store=12)
    sold(2, TODAY - timedelta(2), 250)
    sold(11, TODAY - timedelta(1), 9999, store=RIVAL)
    assert rows("period=7d&compare=none") == [
        ("Milk 3.5 %", 750, 7500, 40_000, 2, "Dairy"),
        ("Rye bread", 250, 2500, 20_000, 1, ""),
    ]
    assert rows("period=7d&compare=none", "top-categories") == [
        ("Dairy", 750, 7500, 40_000, 2),
        ("Without a category", 250, 2500, 20_000, 1),
    ]


def test_products_of_one_name_are_told_apart_by_their_numbers(sold: Make) -> None:
    Product.objects.filter(retailer=1).update(name="Petrol")
    sold(1, TODAY - timedelta(1), 500)
    sold(2, TODAY - timedelta(1), 250)
    assert [row[0] for row in rows("period=7d&compare=none")] == ["Petrol (1)", "Petrol (2)"]


def test_falling_leaves_today_out_of_both_sides(sold: Make) -> None:
    sold(1, TODAY, 5000)
    sold(1, TODAY - timedelta(1), 300)
    sold(1, TODAY - timedelta(8), 400)
    sold(2, TODAY - timedelta(7), 9000)  # Against today: not compared.
    sold(2, TODAY - timedelta(9), 50)
    assert rows("period=7d", "falling-products") == [
        ("Milk 3.5 %", 5300, 10_000, 40_000, 2, "Dairy", 400, -2500),
        ("Rye bread", 0, 0, 0, 0, "", 50, -10_000),
    ]
    assert [row[-2:] for row in rows("period=7d", "falling-categories")] == [(400, -2500), (50, -10_000)]


def test_a_day_that_is_not_over_has_no_comparison(sold: Make) -> None:
    sold(1, TODAY, 500)
    page = pages.products(asked("period=today"), STORES, NOW)
    assert [one.key for one in page.panels] == ["top-products", "top-categories"]
    assert page.panels[0].rows == [("Milk 3.5 %", 500, 10_000, 20_000, 1, "Dairy")]


def test_months_and_edges_add_up_to_the_days(sold: Make) -> None:
    day = date(2026, 8, 10)
    while day <= TODAY:
        sold(1, day, 100)
        sold(1, day, 7, store=RIVAL)
        sold(1, day, 3, currency="EUR")
        day += timedelta(1)
    for first, last in (
        ((8, 10), (8, 30)),
        ((8, 11), (11, 29)),
        ((9, 1), (9, 30)),
        ((9, 2), (11, 30)),
        ((11, 1), (11, 30)),
    ):
        span = Span(date(2026, *first), date(2026, *last))
        assert rows(f"period={span}&compare=none&currency=CZK")[0][1] == 100 * span.days, span


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(DAYS, st.integers(0, 399))
def test_months_and_edges_hold_every_day_once(first: date, more: int) -> None:
    span = Span(first, first + timedelta(more))
    days = split(span)
    found = Counter[date]()
    for month in days.months:
        found.update(month + timedelta(n) for n in range(calendar.monthrange(month.year, month.month)[1]))
    for sign, begin, end in (days.head, days.tail):
        for number in range((end - begin).days + 1):
            found[begin + timedelta(number)] += sign
    assert {day: count for day, count in found.items() if count} == {first + timedelta(n): 1 for n in range(span.days)}


@pytest.mark.parametrize(
    ("first", "last", "months", "head", "tail"),
    [
        (date(2026, 9, 1), date(2026, 9, 30), [9], 0, 0),
        (date(2026, 9, 3), date(2026, 9, 28), [9], -2, -2),
        (date(2026, 9, 10), date(2026, 9, 20), [], 11, 0),
        (date(2026, 8, 25), date(2026, 10, 10), [9], 7, 10),
        (date(2026, 8, 5), date(2026, 10, 29), [8, 9, 10], -4, -2),
        (date(2026, 11, 1), TODAY, [11], 0, 0),
    ],
)
def test_split_reads_the_fewest_rows(first: date, last: date, months: list[int], head: int, tail: int) -> None:
    days = split(Span(first, last))
    assert [month.month for month in days.months] == months
    assert [edge.sign * ((edge.last - edge.first).days + 1) for edge in (days.head, days.tail)] == [head, tail]


def test_a_search_finds_parts_of_names_and_takes_signs_literally(sold: Make) -> None:
    sold(1, TODAY, 500)
    sold(2, TODAY, 1500)
    sold(11, TODAY, 700, store=RIVAL)
    assert [row[:3] for row in rows("period=7d&search=mIlK")] == [("Milk 3.5 %", 500, 2500)]
    assert [row[0] for row in rows("period=7d&search=5+%25")] == ["Milk 3.5 %"]
    assert rows("period=7d&search=_ye") == []
    assert [row[0] for row in rows("period=7d&category=Dairy")] == ["Milk 3.5 %"]


def test_currencies_are_never_added(sold: Make) -> None:
    sold(1, TODAY, 500)
    sold(1, TODAY, 70, currency="EUR")
    page = pages.products(asked("period=7d&currency=EUR"), STORES, NOW)
    assert (page.panels[0].rows[0][1], page.other_currencies) == (70, ("CZK",))


def test_it_takes_four_queries(sold: Make, django_assert_num_queries: Any) -> None:
    sold(1, TODAY, 500)
    with django_assert_num_queries(4):
        pages.products(asked("period=28d"), STORES, NOW)
