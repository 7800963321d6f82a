"""The first page's figures against rows whose sums are known."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from analytics import pages
from analytics.models import RetailerHour, StoreHour
from analytics.tests.conftest import HOUR, NOW, RIVAL, STORES, TODAY, asked

Make = Callable[..., StoreHour]
WEEK = timedelta(7)


def figures(text: str = "period=today") -> dict[str, Any]:
    return {one.key: one for one in pages.overview(asked(text), STORES, NOW).figures}


@pytest.mark.django_db
def test_nothing_was_sold() -> None:
    page = pages.overview(asked("period=today"), STORES, NOW)
    assert [one.value for one in page.figures] == [0, 0, None, None, 0, 0]
    assert page.panels[0].rows == []
    assert page.complete_to is None
    assert page.currency == ""


def test_one_sale(hour: Make) -> None:
    hour(discounts=150)
    hour(store=RIVAL, gross=777)
    found = figures()
    assert {key: one.value for key, one in found.items()} == {
        "revenue": 1000, "sales": 1, "basket": 1000, "items": 20_000, "refunds": 0, "discounts": 150,
    }  # fmt: skip
    assert found["revenue"].change is None


def test_refunds_alone(hour: Make) -> None:
    hour(sales=0, gross=0, lines=0, refunds=1, refunded=-500)
    found = figures()
    assert (found["revenue"].value, found["refunds"].value, found["basket"].value) == (-500, -500, None)


def test_today_is_compared_up_to_the_last_full_hour(hour: Make) -> None:
    hour(TODAY, 10)
    hour(TODAY, 14, gross=300)  # Not over: it is 14:35.
    hour(TODAY - WEEK, 13, gross=800, store=12)
    hour(TODAY - WEEK, 14, gross=5000)
    revenue = figures()["revenue"]
    assert (revenue.value, revenue.comparable, revenue.before) == (1300, 1000, 800)
    assert revenue.change == 2500


def test_a_period_that_is_over_is_compared_whole(hour: Make) -> None:
    hour(TODAY - timedelta(1), 20)
    hour(TODAY - timedelta(8), 23, gross=2000)
    revenue = figures(f"period={TODAY - timedelta(1)}")["revenue"]
    assert (revenue.value, revenue.comparable, revenue.before, revenue.change) == (1000, None, 2000, -5000)


def test_currencies_are_never_added(hour: Make) -> None:
    hour(sales=3)
    hour(currency="EUR", gross=70)
    page = pages.overview(asked("period=today"), STORES, NOW)
    assert (page.currency, page.figures[0].value, page.other_currencies) == ("CZK", 1000, ("EUR",))
    page = pages.overview(asked("period=today&currency=EUR"), STORES, NOW)
    assert (page.figures[0].value, page.other_currencies) == (70, ("CZK",))


def test_it_takes_three_queries(hour: Make, django_assert_num_queries: Any) -> None:
    hour()
    with django_assert_num_queries(3):
        pages.overview(asked("period=today"), STORES, NOW)


@pytest.mark.parametrize(("period", "rows"), [("today", 24), ("28d", 28), ("2026-01-01..2026-11-30", 48)])
def test_the_curve_has_a_row_for_every_hour_day_or_week(hour: Make, period: str, rows: int) -> None:
    hour()
    panel = pages.overview(asked(f"period={period}"), STORES, NOW).panels[0]
    assert len(panel.rows) == len(panel.links or []) == rows
    assert sum(int(str(row[1])) for row in panel.rows) == 1000


def test_whoever_sees_all_stores_is_shown_the_retailer_s_own_rows(hour: Make) -> None:
    hour(gross=300)
    RetailerHour.objects.create(retailer=1, day=TODAY, hour=10, currency="CZK", **{**HOUR, "gross": 5000})
    RetailerHour.objects.create(retailer=2, day=TODAY, hour=10, currency="CZK", **{**HOUR, "gross": 777})
    shown = [
        pages.overview(asked(text, retailer=retailer), STORES, NOW).figures[0].value
        for text, retailer in (("", 1), ("store=11", 1), ("", None))
    ]
    assert shown == [5000, 300, 300]
