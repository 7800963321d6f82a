"""What to order, against plain Python that goes through the stores a product at a time, and small cases by hand."""

import math
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_retailer, make_store
from transactions.models import Retailer, Store
from warehouse.models import Document, Forecast, Item, Movement, Order, OrderLine, SoldDay
from warehouse.orders.reorder import Suggestion, suggestions
from warehouse.orders.tests.rows import (
    TODAY,
    Sold,
    came,
    costs,
    counted,
    day,
    forecast,
    item,
    named,
    ordered,
    sell,
    sold,
    supplier,
)
from warehouse.orders.tests.test_chances import between
from warehouse.orders.tests.test_chances import plain as plain_distribution

UNIT = 10_000
PRODUCTS = 24


@pytest.fixture
def shop(db: None) -> Store:
    """A store that trades alone."""
    return make_store(make_retailer())


def suggested(*stores: Store) -> dict[tuple[int, int], Suggestion]:
    found = suggestions(stores[0].retailer_id, [store.pk for store in stores], TODAY)
    return {one.place: one for one in found.suggestions}


def test_a_shelf_that_does_not_last_until_the_next_delivery(shop: Store) -> None:
    # Three a day; ordered today it comes on Wednesday, and the next order a week later: 27 until then.
    bakery = supplier(shop.retailer, name="Bakery", lead_days=2, review_days=7)
    named(shop.retailer, 1, "Rye bread")
    item(shop.retailer, 1, supplier=bakery, pack=12)
    forecast(shop, 1, 3.0)
    counted(shop, 1, 14)
    costs(shop, 1, 2100)

    found = suggested(shop)[shop.pk, 1]
    # Of Poisson's distribution with mean 27, 36 is the 95 % quantile: 22 are missing, two dozens.
    assert found.why == (
        "14 left, 27 expected until the next delivery on Wednesday 9 December, 36 to be safe; order 2 packs of 12"
    )
    assert (found.name.name, found.on_hand, found.on_order, found.expected) == ("Rye bread", 14 * UNIT, 0, 6 * UNIT)
    assert (found.ordered.quantity, found.ordered.packs) == (24 * UNIT, 2)
    assert found.cost == 24 * 2100
    assert found.arrives_on == date(2026, 12, 2)
    assert found.days_left == 4
    # P(Poisson(6) > 14) = 0.0014
    assert found.chance == pytest.approx(14, abs=1)
    assert found.terms.supplier == bakery.pk


def test_what_is_on_order_is_not_ordered_again(shop: Store) -> None:
    maker = supplier(shop.retailer)
    for product, expected_on in ((1, TODAY + timedelta(days=1)), (2, TODAY + timedelta(days=2)), (3, day(4))):
        item(shop.retailer, product, supplier=maker)
        forecast(shop, product, 3.0)
        counted(shop, product, 2)
        ordered(shop, maker, {product: 20}, expected_on=expected_on)
    found = suggested(shop)

    assert {one.on_order for one in found.values()} == {20 * UNIT}
    assert {one.ordered.quantity for one in found.values()} == {14 * UNIT}
    # Only what comes tomorrow fills the shelf before an order of today does; of what is late, nobody knows.
    assert found[shop.pk, 1].chance < 100
    assert found[shop.pk, 2].chance == found[shop.pk, 3].chance
    assert found[shop.pk, 2].chance > 9000


def test_orders_that_are_over_bring_nothing(shop: Store) -> None:
    maker = supplier(shop.retailer)
    item(shop.retailer, 1, supplier=maker)
    forecast(shop, 1, 3.0)
    counted(shop, 1, 2)
    for state in (Order.State.RECEIVED, Order.State.CANCELLED):
        ordered(shop, maker, {1: 20}, expected_on=TODAY, state=state)
    partly = ordered(shop, maker, {1: 20}, expected_on=TODAY)
    partly.lines.update(received=17 * UNIT)

    assert suggested(shop)[shop.pk, 1].on_order == 3 * UNIT


def test_without_a_forecast_the_last_four_weeks_tell(shop: Store) -> None:
    sell(shop, [Sold(1, ago, 2) for ago in range(1, 29)])
    sell(shop, [Sold(2, ago, 2 if ago % 7 else 14) for ago in range(1, 29)])
    counted(shop, 1, 1, ago=0)
    counted(shop, 2, 1, ago=0)
    sold(shop, 1, 29, 500)

    found = suggestions(shop.retailer_id, [shop.pk], TODAY)
    steady, bumpy = sorted(found.suggestions, key=lambda one: one.place)
    assert found.unforecast == 2
    assert "by the last 28 days, there is no forecast yet" in steady.why
    assert (steady.expected, bumpy.expected) == (4 * UNIT, round(26 / 7 * 2 * UNIT))
    assert steady.terms.supplier is None
    assert bumpy.ordered.quantity > 2 * steady.ordered.quantity


def test_what_is_not_tracked_not_counted_or_not_wanted_is_left_out(shop: Store) -> None:
    for product in (1, 2, 3, 4):
        forecast(shop, product, 3.0 if product != 4 else 0.0)
    item(shop.retailer, 1, is_tracked=False)
    for product in (1, 3, 4):
        counted(shop, product, 0)

    found = suggestions(shop.retailer_id, [shop.pk], TODAY)
    assert [one.place[1] for one in found.suggestions] == [3]
    assert found.uncounted == 1


def test_the_shelf_is_kept_filled_without_any_demand(shop: Store) -> None:
    item(shop.retailer, 9, name="Fire extinguisher", shelf_minimum=6)
    counted(shop, 9, 4)

    found = suggested(shop)[shop.pk, 9]
    assert (found.name.name, found.ordered.quantity, found.days_left, found.chance) == (
        "Fire extinguisher",
        2 * UNIT,
        None,
        0,
    )


def test_suppliers_come_by_name_the_most_urgent_first_and_those_without_one_last(shop: Store) -> None:
    dairy, bakery = supplier(shop.retailer, name="Dairy"), supplier(shop.retailer, name="Bakery")
    for product, of, there in ((1, dairy, 0), (2, bakery, 5), (3, bakery, 0), (4, None, 0)):
        item(shop.retailer, product, supplier=of)
        forecast(shop, product, 3.0)
        counted(shop, product, there)

    found = suggestions(shop.retailer_id, [shop.pk], TODAY).suggestions
    assert [one.place[1] for one in found] == [3, 2, 1, 4]


def test_an_old_forecast_begins_with_the_days_that_are_left(shop: Store) -> None:
    forecast(shop, 1, [100.0] * 3 + [1.0] * 25, cutoff=day(4))
    counted(shop, 1, 0)

    assert suggested(shop)[shop.pk, 1].expected == 2 * UNIT


def plain(retailer: Retailer, store: Store, product: int) -> dict[str, Any] | None:
    """One product of one store; None where nothing can be said of it."""
    own = Item.objects.filter(retailer=retailer, product=product).first()
    if own is not None and not own.is_tracked:
        return None
    count = Movement.objects.filter(store=store, product=product).first()
    if count is None:
        return None
    gone = sum(row.quantity for row in SoldDay.objects.filter(store=store.pk, product=product, day__gt=count.day))
    there = (count.quantity - gone) / UNIT
    known = Forecast.objects.filter(store=store.pk, product=product).first()
    if known is None:
        days = [0.0] * 28
        for row in SoldDay.objects.filter(store=store.pk, product=product, day__gte=day(28), day__lt=TODAY):
            days[(TODAY - row.day).days - 1] += row.quantity / UNIT
        mean = max(sum(days) / 28, 0)
        means = [mean] * 28
        unit = max((sum(one * one for one in days) / 28 - mean * mean) / mean, 1) if mean else 1
        dispersion = unit / (28 * mean) if mean else 0
    else:
        means = known.mean[(TODAY - known.cutoff).days - 1 :]
        unit, dispersion = known.unit, known.total_dispersion
    of = own.supplier if own else None
    lead = (own.lead_days if own and own.lead_days is not None else None) or (of.lead_days if of else 2)
    review = of.review_days if of else 7
    coming = [
        ((line.quantity - line.received) / UNIT, line.order.expected_on)
        for line in OrderLine.objects.filter(order__store=store, order__state="sent", product=product)
    ]
    in_time = sum(rest for rest, on in coming if TODAY <= on < TODAY + timedelta(days=lead))
    soon, whole = sum(means[:lead]), sum(means[: lead + review])
    # Demand comes in so many purchases of `unit`.
    spread, wide = (max(1 + dispersion * one / unit, 1.01) * one / unit for one in (soon, whole))
    safe = 0.0
    while whole > 1e-6 and plain_distribution(whole / unit, wide, round(safe / unit)) < 0.95:
        safe += unit
    goal = max(safe, whole + (own.shelf_minimum / UNIT if own else 0))
    missing = goal - max(there, 0) - sum(rest for rest, _ in coming)
    packs = 0
    if missing > 1e-4:
        pack, least = (own.pack / UNIT, own.order_minimum / UNIT) if own else (1, 0)
        packs = math.ceil(round(max(missing, least) / pack, 4))
    chance = 0.0
    if soon > 1e-6:
        free = there + in_time
        chance = 1.0 if free < 0 else 1 - between(soon / unit, spread, free / unit)
    return {"there": there, "chance": chance, "packs": packs, "soon": soon}


@pytest.mark.parametrize("seed", [1, 2])
def test_suggestions_are_those_of_plain_python(db: None, seed: int) -> None:
    random = Random(seed)
    retailer = make_retailer()
    stores = [make_store(retailer), make_store(retailer)]
    makers = [supplier(retailer, lead_days=lead, review_days=review) for lead, review in ((1, 7), (3, 14))]
    for store in stores:
        days = [(product, ago) for product in range(PRODUCTS) for ago in random.sample(range(60), 12)]
        sell(store, [Sold(*one, random.randrange(-1, 9)) for one in days])
    for product in range(PRODUCTS):
        if random.random() < 0.8:
            item(
                retailer,
                product,
                supplier=random.choice([None, *makers]),
                pack=random.choice([1, 6, 12]),
                order_minimum=random.choice([0, 0, 10]),
                shelf_minimum=random.choice([0, 0, 5]),
                lead_days=random.choice([None, None, 5]),
                is_tracked=random.random() < 0.9,
            )
        for store in stores:
            if random.random() < 0.7:
                means = [random.random() * 4 for _ in range(28)]
                made = {"unit": random.choice([0.5, 1.0]), "total_dispersion": random.random()}
                forecast(store, product, means, cutoff=day(random.choice([1, 1, 3])), **made)
            if random.random() < 0.9:
                counted(store, product, random.randrange(0, 40), ago=random.randrange(1, 9))
            if random.random() < 0.3:
                coming = TODAY + timedelta(days=random.randrange(-2, 6))
                ordered(store, random.choice(makers), {product: random.randrange(1, 30)}, expected_on=coming)

    found = suggested(*stores)
    seen = 0
    for store in stores:
        for product in range(PRODUCTS):
            expected = plain(retailer, store, product)
            one = found.get((store.pk, product))
            if expected is None or (not expected["packs"] and expected["chance"] < 0.05):
                assert one is None
                continue
            assert one is not None
            assert one.ordered.packs == expected["packs"]
            assert one.on_hand == expected["there"] * UNIT
            assert one.chance == pytest.approx(expected["chance"] * 10_000, abs=1)
            assert one.expected == pytest.approx(expected["soon"] * UNIT, abs=1)
            seen += 1
    assert seen > 15
    assert seen == len(found)


def test_the_queries_are_the_same_for_one_product_and_for_many(shop: Store) -> None:
    counts = []
    for products in (range(1), range(1, 25)):
        for product in products:
            item(shop.retailer, product, supplier=supplier(shop.retailer))
            forecast(shop, product, 2.0)
            counted(shop, product, 1)
        with CaptureQueriesContext(connection) as queries:
            assert len(suggestions(shop.retailer_id, [shop.pk], TODAY).suggestions) == products.stop
        counts.append(len(queries))
    # Terms, stock, forecasts, lately sold, open orders, names, costs.
    assert counts == [7, 7]


def test_another_store_has_no_part_in_it(shop: Store) -> None:
    other = make_store(shop.retailer)
    forecast(shop, 1, 3.0)
    forecast(other, 1, 3.0)
    came(shop, 1, 2)
    came(other, 1, 2)
    assert Document.objects.count() == 2

    assert set(suggested(shop)) == {(shop.pk, 1)}
    assert set(suggested(shop, other)) == {(shop.pk, 1), (other.pk, 1)}
