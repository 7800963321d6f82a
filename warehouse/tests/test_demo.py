"""The demo's stock: made once, through the same doors as a person's, from what a store really sold."""

from typing import Any

import pytest

from portal.demo import LARGEST, DemoShop, demo_people, demo_shops
from tests.factories import make_retailer, make_store
from transactions.models import Store
from warehouse import demo_shelves
from warehouse.demand.models import Promotion
from warehouse.demo import make_stock
from warehouse.demo_goods import UNIT, is_forgotten, is_short, supplier_of, unit_cost
from warehouse.models import Document, Item, Movement, Order
from warehouse.orders.tests.rows import NOW, TODAY, named, sold
from warehouse.stock.on_hand import on_hand

CATEGORIES = ("Fluid Milk Products", "Frozen Pizza", "Bread", "Tropical Fruit", "Soft Drinks", "Paper Towels", "Fuel")
# Among them are one that nobody counts and one that is short.
PRODUCTS = range(80, 140)


@pytest.fixture
def shop(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> DemoShop:
    """The largest demo retailer; its first store sells enough, its second one does not."""
    settings.LOCAL_WORK = True
    monkeypatch.setattr(demo_shelves, "PRODUCTS_MIN", len(PRODUCTS))
    retailer = make_retailer(LARGEST)
    first, second = (make_store(retailer, name=name) for name in ("High Street", "Mill Lane"))
    demo_people()
    for product in PRODUCTS:
        named(retailer, product, f"Product {product}", CATEGORIES[(product + 1) % len(CATEGORIES)])
        for ago in (50, 20 - product % 13, 1 + product % 5):
            sold(first, product, ago, 1 + product % 3)
    sold(second, PRODUCTS[0], 5, 2)
    (found,) = demo_shops()
    return found


def test_a_stores_goods_are_counted_and_delivered_once(shop: DemoShop) -> None:
    make_stock(shop, NOW, lambda _: None)
    made = [model.objects.count() for model in (Document, Movement, Order, Item, Promotion)]
    make_stock(shop, NOW, lambda _: None)
    assert made == [model.objects.count() for model in (Document, Movement, Order, Item, Promotion)]
    store, other = Store.objects.order_by("pk")
    assert not Document.objects.filter(store=other).exists()
    assert set(Document.objects.values_list("kind", flat=True)) == set(Document.Kind) - {Document.Kind.MOVE}
    assert Movement.objects.filter(kind="delivery", expires_on__gt=TODAY).exists()
    assert Order.objects.filter(expected_on__lt=TODAY, state="sent").exists()
    there = {product: quantity for (_, product), quantity in on_hand([store.pk]).items()}
    assert there[min(product for product in there if is_short(product))] < 0
    assert not [product for product in there if is_forgotten(product)]
    fuel = [product for product in PRODUCTS if CATEGORIES[(product + 1) % len(CATEGORIES)] == "Fuel"]
    assert not there.keys() & set(fuel)
    assert set(Item.objects.filter(product__in=fuel).values_list("is_tracked", flat=True)) == {False}


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("Fluid Milk Products", "Meadow Dairy"),
        ("Vegetables - Shelf Stable", "Main Street Dry Goods"),
        ("Frozen Vegetable/Vegetable Dsh", "Northern Frozen Foods"),
        ("Tropical Fruit", "Valley Produce"),
        ("Lunchmeat", "Prime Cuts Meats"),
        ("Toys And Games", "Old Mill Wholesale"),
    ],
)
def test_a_supplier_delivers_what_is_called_so(category: str, name: str) -> None:
    assert supplier_of(category).name == name


def test_goods_cost_between_55_and_75_per_cent_of_what_they_bring() -> None:
    costs = [unit_cost(product, 30_000, 897) for product in range(5_000)]
    assert min(costs) == 164 * UNIT
    assert max(costs) == 224 * UNIT
