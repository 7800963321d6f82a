"""Dead stock, by hand and against plain Python."""

from datetime import date
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_retailer, make_store
from transactions.models import Store
from warehouse.models import CostStep, Forecast, Movement, SoldDay
from warehouse.orders.dead import DeadItem, dead_stock
from warehouse.orders.tests.rows import TODAY, came, costs, day, forecast, item, named, sold

UNIT = 10_000


@pytest.fixture
def shop(db: None) -> Store:
    return make_store(make_retailer())


def dead(*stores: Store, days: int = 60) -> dict[int, DeadItem]:
    found = dead_stock(stores[0].retailer_id, [store.pk for store in stores], TODAY, days=days)
    return {one.place[1]: one for one in found}


def test_what_is_not_sold_for_so_long_is_dead(shop: Store) -> None:
    for product, ago in ((1, 60), (2, 59)):
        came(shop, product, 10, ago=100)
        sold(shop, product, ago, 1)
        sold(shop, product, 3, -1)  # Taken back: that is no sale.
    named(shop.retailer, 1, "Paper lantern")
    costs(shop, 1, 2550)

    found = dead(shop)
    assert set(found) == {1}
    assert found[1].name.name == "Paper lantern"
    assert (found[1].on_hand, found[1].value, found[1].why) == (10 * UNIT, 25_500, "idle")
    assert (found[1].sold_on, found[1].idle_days, found[1].days_left) == (day(60), 60, None)


def test_what_came_lately_is_not_dead_yet(shop: Store) -> None:
    came(shop, 1, 10, ago=59)
    came(shop, 2, 10, ago=60)

    assert set(dead(shop)) == {2}
    assert dead(shop)[2].sold_on is None


def test_what_lasts_too_long_is_dead(shop: Store) -> None:
    for product, rate in ((1, 0.5), (2, 2.0)):
        came(shop, product, 101, ago=100)
        sold(shop, product, 1, 1)
        forecast(shop, product, rate)

    found = dead(shop)
    assert set(found) == {1}
    assert (found[1].why, found[1].days_left, found[1].value) == ("slow", 200, None)
    assert set(dead(shop, days=49)) == {1, 2}


def test_only_what_is_there_and_kept_counts(shop: Store) -> None:
    came(shop, 1, 5, ago=100)
    sold(shop, 1, 90, 5)
    came(shop, 2, 5, ago=100)
    item(shop.retailer, 2, is_tracked=False)
    came(shop, 3, 5, ago=100)
    other = make_store(shop.retailer)
    came(other, 4, 5, ago=100)

    assert set(dead(shop)) == {3}
    assert set(dead(shop, other)) == {3, 4}


@pytest.mark.parametrize("days", [14, 60])
def test_it_is_what_plain_python_finds(shop: Store, days: int) -> None:
    random = Random(days)
    for product in range(40):
        came(shop, product, random.randrange(1, 40), ago=random.randrange(1, 150))
        for ago in random.sample(range(160), random.randrange(4)):
            sold(shop, product, ago, random.choice([1, 2, 3]))
        if random.random() < 0.5:
            forecast(shop, product, random.random())
        if random.random() < 0.8:
            costs(shop, product, random.randrange(100, 9000))

    expected = []
    for product in range(40):
        there = Movement.objects.get(product=product)
        rows = list(SoldDay.objects.filter(product=product))
        left = there.quantity - sum(row.quantity for row in rows if row.day >= there.day)
        known = Forecast.objects.filter(product=product).first()
        recent = sum(row.quantity for row in rows if day(28) <= row.day <= day(1)) / 28 / UNIT
        rate = known.mean[0] if known else recent
        last: date | None = max((row.day for row in rows), default=None)
        is_idle = (TODAY - max(last or there.day, there.day)).days >= days
        is_slow = rate > 0.001 and int(left / UNIT / rate + 1e-9) > days
        if left > 0 and (is_idle or is_slow):
            cost = CostStep.objects.filter(product=product).first()
            expected.append((product, round(left * cost.average / 10**8) if cost else None))
    found = dead(shop, days=days)
    assert {one: found[one].value for one in found} == dict(expected)
    assert 5 < len(found) < 40
    values = [one.value or 0 for one in found.values()]
    assert values == sorted(values, reverse=True)


def test_the_queries_are_the_same_for_one_product_and_for_many(shop: Store) -> None:
    counts = []
    for products in (range(1), range(1, 25)):
        for product in products:
            came(shop, product, 10, ago=100)
        with CaptureQueriesContext(connection) as queries:
            assert len(dead(shop)) == products.stop
        counts.append(len(queries))
    # Terms, stock, forecasts, lately sold, last sold, names, costs.
    assert counts == [7, 7]
