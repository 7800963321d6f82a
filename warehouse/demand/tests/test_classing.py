"""Counting classes from what was sold, against plain Python, killed and started again."""

from collections import defaultdict
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_retailer, make_store
from warehouse.demand import classing
from warehouse.demand.classing import BEGINNING, LAST, WHOLE, Place, count_classes, next_places, step
from warehouse.demand.tests.test_classes import plain_abc, plain_xyz
from warehouse.models import ProductClass, SoldDay
from warehouse.orders.tests.rows import TODAY, Sold, sell, sold

PRODUCTS = 30
DAYS = 91


def trade(stores: Any, seed: int = 1) -> None:
    """Products that are sold more or less often in each store, in two currencies, also before and after the days."""
    random = Random(seed)
    for store in stores:
        rows = [
            Sold(product, ago, random.randrange(-1, 9), net=random.randrange(0, 9000) * (product + 1))
            for product in range(PRODUCTS)
            for ago in random.sample(range(-2, DAYS + 20), 3 + product * 2)
        ]
        sell(store, [*rows, *(Sold(product, 5, 3, 99_999_999, "EUR") for product in range(PRODUCTS))])


def plain(store_ids: list[int]) -> dict[int, tuple[str, str, int]]:
    """Product: classes and revenue, a row of SoldDay at a time."""
    revenue: dict[int, int] = defaultdict(int)
    weeks: dict[int, list[int]] = defaultdict(lambda: [0] * 13)
    for row in SoldDay.objects.filter(store__in=store_ids):
        ago = (TODAY - row.day).days
        if 1 <= ago <= DAYS:
            revenue[row.product] += row.net if row.currency == "CZK" else 0
            weeks[row.product][12 - (ago - 1) // 7] += row.quantity
    products = sorted(revenue)
    letters = plain_abc([revenue[product] for product in products])
    return {
        product: (letter, plain_xyz(weeks[product])[0], revenue[product])
        for product, letter in zip(products, letters, strict=True)
    }


def counted(store: int) -> dict[int, tuple[str, str, int]]:
    return {row.product: (row.abc, row.xyz, row.revenue) for row in ProductClass.objects.filter(store=store)}


@pytest.fixture
def shops(db: None) -> Any:
    """A retailer with two stores that sell, and one that does not."""
    retailer = make_retailer()
    return retailer, [make_store(retailer) for _ in range(3)]


def test_classes_are_those_of_plain_python(shops: Any) -> None:
    _, stores = shops
    trade(stores[:2])
    done = step(TODAY)

    assert done.places == 3
    assert done.after is None
    ids = [store.pk for store in stores]
    assert counted(ids[0]) == plain(ids[:1])
    assert counted(ids[1]) == plain(ids[1:2])
    assert counted(WHOLE) == plain(ids)
    assert counted(ids[2]) == {}
    assert set(ProductClass.objects.values_list("currency", "counted_on")) == {("CZK", TODAY)}
    assert len({letter for row in counted(WHOLE).values() for letter in row[:2]}) >= 5


def test_a_product_of_few_weeks_has_no_variation(shops: Any) -> None:
    _, stores = shops
    for week in range(13):
        sold(stores[0], 1, week * 7 + 1, 10)
        if week < 7:
            sold(stores[0], 2, week * 7 + 1, 10)
    step(TODAY)

    rows = {row.product: row for row in ProductClass.objects.filter(store=stores[0].pk)}
    assert (rows[1].xyz, rows[1].variation) == ("X", 0.0)
    assert (rows[2].xyz, rows[2].variation) == ("Z", None)


def test_what_is_counted_is_counted_again_on_the_next_day_only(shops: Any) -> None:
    _, stores = shops
    sold(stores[0], 1, 1, 10)
    assert step(TODAY).places == 2
    SoldDay.objects.all().delete()
    sold(stores[0], 2, 1, 10)

    assert step(TODAY).places == 0
    assert set(counted(stores[0].pk)) == {1}
    assert step(TODAY + timedelta(days=1)).places == 2
    assert set(counted(stores[0].pk)) == {2}


def test_it_goes_on_behind_the_last_step(shops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, stores = shops
    trade(stores[:2])
    monkeypatch.setattr(classing, "PLACES_A_STEP", 2)
    first = step(TODAY)
    assert (first.places, first.after) == (2, Place(stores[1].retailer_id, stores[1].pk))
    assert counted(WHOLE) == {}

    # Killed behind its first store, a step that begins anew does the rest.
    ProductClass.objects.filter(store=stores[1].pk).delete()
    again = step(TODAY, BEGINNING)
    assert again.places == 1
    assert again.after is not None
    last = step(TODAY, again.after)
    assert counted(WHOLE) == plain([store.pk for store in stores])
    assert last.after is None or step(TODAY, last.after) == (0, 0, None)


def test_stores_come_by_retailer_and_then_the_whole(db: None) -> None:
    first, second = make_retailer(), make_retailer()
    stores = [make_store(one) for one in (second, first, second)]

    assert next_places(BEGINNING) == [
        (first.pk, stores[1].pk),
        (first.pk, LAST),
        (second.pk, stores[0].pk),
        (second.pk, stores[2].pk),
        (second.pk, LAST),
    ]
    assert next_places(Place(first.pk, LAST))[0] == (second.pk, stores[0].pk)


def test_a_store_takes_the_same_statements_whatever_it_sells(shops: Any) -> None:
    _, stores = shops
    trade(stores[:1])
    place = Place(stores[0].retailer_id, stores[0].pk)
    with CaptureQueriesContext(connection) as queries:
        assert count_classes(place, TODAY) == PRODUCTS
    # Savepoint, lock, whether it is done, sums, away with the old, the new, and the savepoint's end.
    assert len(queries) == 7
