"""The pages of demand: what they say, to whom, how many queries they take, and their forms."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.keys.operations import make_key
from portal.models import Membership
from tests.cast import RetailCast, make_retail_cast
from warehouse.demand.running import forecast_all
from warehouse.demand.tests.trade import name, sell
from warehouse.models import ForecastRun, ForecastScore, Promotion

pytestmark = pytest.mark.django_db
PAGES = ("demand/", "accuracy/", "promotions/")


@pytest.fixture
def cast() -> RetailCast:
    return make_retail_cast()


def yesterday() -> Any:
    return timezone.localdate() - timedelta(days=1)


@pytest.fixture
def forecast(cast: RetailCast) -> RetailCast:
    """Forecasts of last night, and one of four weeks ago that came true since."""
    for store in cast.stores:
        sell(store, products=30, until=yesterday())
    name(cast.retailer, 30)
    for cutoff in (yesterday(), yesterday() - timedelta(days=28)):
        forecast_all([cast.retailer], cutoff, timezone.localtime, lambda _: None)
    return cast


def at(cast: RetailCast, rest: str) -> str:
    return f"/portal/{cast.retailer.pk}/stock/{rest}"


def seen(client: Client, cast: RetailCast, rest: str) -> str:
    response = client.get(at(cast, rest))
    assert response.status_code == 200
    return response.content.decode()


def test_a_store_s_products_with_what_is_expected(forecast: RetailCast) -> None:
    page = seen(forecast.owner, forecast, f"demand/?store={forecast.stores[0].pk}")
    assert page.index("Product 30") < page.index("Product 15") < page.index("Product 3<")
    assert "Bakery" in page
    found = seen(forecast.owner, forecast, f"demand/?store={forecast.stores[0].pk}&search=product+7")
    assert "Product 7" in found
    assert "Product 30" not in found
    rows = forecast.owner.get(at(forecast, f"demand.csv?store={forecast.stores[0].pk}")).content.decode("utf-8-sig")
    line = next(line for line in rows.splitlines() if line.startswith("Product 30,"))
    sold, _, week, month, low, high = (float(cell) for cell in line.split(",")[1:7])
    assert week * 3.5 < month < week * 4.5
    assert low < month < high
    # It sells three a day.
    assert 50 < month < 120
    assert 50 < sold < 120


def test_a_product_s_chart_has_twelve_weeks_behind_and_four_ahead(forecast: RetailCast) -> None:
    page = f"forecast.csv?store={forecast.stores[0].pk}&product=30"
    lines = forecast.owner.get(at(forecast, page)).content.decode("utf-8-sig").splitlines()
    head = lines.index("Date,Sold,Expected,At least,At most")
    weeks = [line.split(",") for line in lines[head + 1 : head + 17]]
    assert [bool(week[1]) for week in weeks] == [True] * 12 + [False] * 4
    # The four weeks that were forecast four weeks ago, and the four to come.
    assert [bool(week[2]) for week in weeks] == [False] * 8 + [True] * 8
    assert all(float(low) <= float(mean) <= float(high) for *_, mean, low, high in weeks[8:])
    assert lines.count("Date,Sold,Expected,At least,At most") == 2
    assert 'data-chart="band"' in seen(forecast.owner, forecast, page.replace(".csv", "/"))
    assert forecast.owner.get(at(forecast, page.replace("=30", "=31"))).status_code == 404


def test_past_forecasts_are_scored_beside_last_week_s(forecast: RetailCast) -> None:
    assert set(ForecastScore.objects.values_list("run__cutoff", "horizon_days")) == {
        (yesterday() - timedelta(days=28), 7),
        (yesterday() - timedelta(days=28), 28),
    }
    # Steady trade: the mean is better than a week that is one example of it.
    for horizon in (7, 28):
        found = ForecastScore.objects.filter(horizon_days=horizon)
        assert sum(one.error for one in found) < 0.9 * sum(one.naive_error for one in found)
        assert sum(one.series for one in found) == 90
    assert {"A", "B"} <= {one.classes[:1] for one in found}
    page = seen(forecast.owner, forecast, "accuracy/")
    assert "Error (WAPE)" in page
    assert "High Street" in page


def test_the_empty_pages_say_what_is_needed_and_when(cast: RetailCast) -> None:
    assert "Forecasts need 28 days of sales. Nothing was sold yet" in seen(cast.owner, cast, "demand/")
    sell(cast.stores[0], weeks=2, until=yesterday())
    ready = yesterday() - timedelta(days=13) + timedelta(days=28)
    page = seen(cast.owner, cast, "demand/")
    assert f"the first forecast is made on {ready:%-d %B %Y}" in page.replace("\xa0", " ") or "first sale" in page
    assert "What discounts did" in seen(cast.owner, cast, "promotions/")


def test_a_run_that_goes_on_or_failed_is_told_of(forecast: RetailCast) -> None:
    run = ForecastRun.objects.order_by("-cutoff")[0]
    now = timezone.localtime()
    ForecastRun.objects.filter(pk=run.pk).update(
        state="running", stores_done=1, started_at=now - timedelta(seconds=60), moved_at=now
    )
    assert "1 of 3 stores, about 1 a minute" in seen(forecast.owner, forecast, "demand/")
    ForecastRun.objects.filter(pk=run.pk).update(state="failed", error="DataError: out of range.")
    assert "ended with an error after 1 of 3 stores: DataError: out of range." in seen(
        forecast.owner, forecast, "demand/"
    )


def test_outsiders_learn_nothing_and_managers_only_of_their_stores(forecast: RetailCast) -> None:
    one = f"forecast/?store={forecast.stores[0].pk}&product=30"
    for rest in (*PAGES, one, "promotion/", "demand.csv", "accuracy.xlsx"):
        for outsider in forecast.outsiders.values():
            assert outsider.get(at(forecast, rest)).status_code == 404
        assert forecast.anonymous.get(at(forecast, rest)).status_code == 302
    for rest in (*PAGES, one):
        for member in forecast.members.values():
            assert member.get(at(forecast, rest)).status_code == 200
    other = forecast.stores[2]
    for rest in (f"demand/?store={other.pk}", f"forecast/?store={other.pk}&product=30", f"accuracy/?store={other.pk}"):
        assert forecast.store_manager.get(at(forecast, rest)).status_code == 404
    assert other.name not in seen(forecast.store_manager, forecast, "accuracy/")
    for client in (forecast.viewer, forecast.accountant):
        assert client.get(at(forecast, "promotion/")).status_code == 403


def test_queries_do_not_grow_with_products(forecast: RetailCast) -> None:
    def count(rest: str) -> int:
        with CaptureQueriesContext(connection) as found:
            seen(forecast.owner, forecast, rest)
        return len(found)

    # The first page that somebody opens asks for who they are.
    count("demand/")
    before = [count(rest) for rest in PAGES]
    ForecastRun.objects.all().delete()
    sell(forecast.stores[0], products=60, first=100, until=yesterday())
    name(forecast.retailer, 60, first=100)
    forecast_all([forecast.retailer], yesterday(), timezone.localtime, lambda _: None)
    forecast_all([forecast.retailer], yesterday() - timedelta(days=28), timezone.localtime, lambda _: None)
    assert [count(rest) for rest in PAGES] == before
    assert max(before) <= 9


PLAN = {"name": "Spring week", "product": "7", "discount_percent": "25"}


def planned(client: Client, cast: RetailCast, **fields: Any) -> tuple[int, str]:
    today = timezone.localdate()
    values = {**PLAN, "first_day": today + timedelta(days=2), "last_day": today + timedelta(days=8), **fields}
    response = client.post(at(cast, "promotion/"), values)
    return response.status_code, response.content.decode()


def test_a_promotion_is_planned_by_form_and_by_api_and_taken_back(forecast: RetailCast) -> None:
    assert planned(forecast.owner, forecast)[0] == 302
    found = Promotion.objects.get()
    assert (found.product, found.store_id, found.discount_percent, found.category) == (7, None, 25, "")
    page = seen(forecast.owner, forecast, "promotions/")
    assert "Spring week" in page
    assert "All stores" in page
    membership = Membership.objects.get(user__username="corner-owner")
    key = make_key(membership, name="planning", now=timezone.now())
    address = f"/api/v1/retailers/{forecast.retailer.pk}/stock/promotion"
    body = {**PLAN, "product": "", "category": "Dairy", "store": forecast.stores[0].pk, "first_day": "2099-01-01",
            "last_day": "2099-01-07"}  # fmt: skip
    response = Client(headers={"authorization": f"Bearer {key}"}).post(address, body, content_type="application/json")
    assert response.status_code == 201, response.content
    assert Promotion.objects.filter(category="Dairy", store=forecast.stores[0]).exists()
    assert forecast.owner.post(at(forecast, "take-back/"), {"promotion": found.pk}).status_code == 302
    found.refresh_from_db()
    assert found.cancelled_at is not None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"product": ""}, "Name a product or a category, and not both."),
        ({"category": "Dairy"}, "Name a product or a category, and not both."),
        ({"product": "nothing"}, "There is no such product"),
        ({"product": "", "category": "Dogs"}, "Nothing of this category was sold."),
        ({"last_day": "2020-01-01"}, "The last day lies before the first."),
        ({"first_day": "2020-01-01", "last_day": "2020-01-02"}, "These days are over"),
        ({"last_day": "2099-01-01"}, "At most 92 days"),
        ({"discount_percent": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_plan_that_cannot_be(cast: RetailCast, fields: dict[str, str], sentence: str) -> None:
    name(cast.retailer, 30)
    status, page = planned(cast.owner, cast, **fields)
    assert status == 400
    assert sentence in page
    assert not Promotion.objects.exists()


def test_a_manager_plans_in_their_own_stores_only(forecast: RetailCast) -> None:
    manager = forecast.store_manager
    assert planned(manager, forecast)[0] == 400
    assert planned(manager, forecast, store=forecast.stores[2].pk)[0] == 400
    assert planned(manager, forecast, store=forecast.stores[0].pk)[0] == 302
    assert planned(forecast.owner, forecast, name="For all")[0] == 302
    assert planned(forecast.owner, forecast, name="Far away", store=forecast.stores[2].pk)[0] == 302
    page = seen(manager, forecast, "promotions/")
    assert "For all" in page
    assert "Far away" not in page
    for promotion in Promotion.objects.exclude(name="Spring week"):
        assert manager.post(at(forecast, "take-back/"), {"promotion": promotion.pk}).status_code == 400
    assert Promotion.objects.filter(cancelled_at=None).count() == 3
