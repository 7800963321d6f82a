"""Orders are sent, received and cancelled once, whoever else does the same at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from possys.accounts.models import User
from tests.factories import make_retailer, make_store
from transactions.models import Store
from warehouse.models import Document, Movement, Order, OrderLine
from warehouse.orders.open_orders import open_lines
from warehouse.orders.operations import By, Delivery, Line, cancel, receive, send
from warehouse.orders.tests.rows import NOW, TODAY, ordered, sold, supplier
from warehouse.stock.costs import average_costs
from warehouse.stock.documents import Line as Came
from warehouse.stock.faults import StockFault
from warehouse.stock.models import Supplier
from warehouse.stock.on_hand import on_hand

UNIT = 10_000


@pytest.fixture
def shop(db: None) -> Store:
    return make_store(make_retailer())


@pytest.fixture
def buyer(db: None) -> User:
    return User.objects.create_user("buyer")


@pytest.fixture
def bakery(shop: Store) -> Supplier:
    return supplier(shop.retailer, name="Bakery", lead_days=2)


def receives(order: Order, user: User, came: list[Came], *, stores: list[int] | None = None, **changes: Any) -> Any:
    delivery = Delivery(**{"came": came, "day": TODAY, **changes})
    return receive(order.pk, delivery, stores=stores or [order.store_id], by=By(user, NOW))


def sends(store: Store, of: Supplier, user: User, *lines: Line, now: datetime = NOW, **changes: Any) -> Order:
    return send(store, of, lines, **{"by": By(user, now), "expected_on": TODAY + timedelta(days=2), **changes})


def rest(store: Store) -> dict[int, int]:
    return {line.place[1]: line.rest for line in open_lines([store.pk])}


def test_an_order_is_on_order_until_it_came(shop: Store, bakery: Supplier, buyer: User) -> None:
    sold(shop, 1, 3, 1)
    order = sends(shop, bakery, buyer, Line(1, 24 * UNIT, 1500 * UNIT), Line(2, 5_000), note="By the back door")
    assert (order.state, order.sent_on, order.made_by) == ("sent", TODAY, buyer)
    assert rest(shop) == {1: 24 * UNIT, 2: 5_000}

    part = receives(order, buyer, [Came(1, 12 * UNIT, 1600 * UNIT)], reference="LS 77")
    assert part.order.state == "sent"
    assert rest(shop) == {1: 12 * UNIT, 2: 5_000}
    assert on_hand([shop.pk]) == {(shop.pk, 1): 12 * UNIT}
    assert average_costs([shop.pk]) == {(shop.pk, 1): 1600 * UNIT}
    document = Document.objects.get()
    assert (document.kind, document.supplier, document.reference) == ("delivery", bakery, "LS 77")
    assert (document.note, document.currency, document.made_by) == (f"Order {order.pk}", "CZK", buyer)

    # Two lots of one product, and one more than was ordered.
    lots = [Came(1, 6 * UNIT, None, "L1"), Came(1, 7 * UNIT, None, "L2", TODAY), Came(2, 5_000)]
    whole = receives(order, buyer, lots)
    assert (whole.order.state, whole.order.ended_at) == ("received", NOW)
    assert rest(shop) == {}
    assert on_hand([shop.pk]) == {(shop.pk, 1): 25 * UNIT, (shop.pk, 2): 5_000}
    assert list(order.lines.values_list("product", "received")) == [(1, 25 * UNIT), (2, 5_000)]


def test_what_is_over_is_neither_received_nor_cancelled(shop: Store, bakery: Supplier, buyer: User) -> None:
    order = sends(shop, bakery, buyer, Line(1, UNIT))
    receives(order, buyer, [Came(1, UNIT)])
    with pytest.raises(StockFault, match="was received on 30 November 2026"):
        receives(order, buyer, [Came(1, UNIT)])
    with pytest.raises(StockFault, match="was received"):
        cancel(order.pk, stores=[shop.pk], now=NOW)

    assert Movement.objects.count() == 1


def test_nothing_more_comes(shop: Store, bakery: Supplier, buyer: User) -> None:
    orders = [ordered(shop, bakery, {1: 10}, expected_on=TODAY) for _ in range(4)]
    receives(orders[0], buyer, [Came(1, UNIT)], is_complete=True)
    receives(orders[1], buyer, [], is_complete=True)
    cancel(orders[2].pk, stores=[shop.pk], now=NOW)
    receives(orders[3], buyer, [Came(1, UNIT)])
    cancel(orders[3].pk, stores=[shop.pk], now=NOW)

    states = [Order.objects.get(pk=order.pk).state for order in orders]
    assert states == ["received", "cancelled", "cancelled", "received"]
    assert rest(shop) == {}


@pytest.mark.parametrize(
    ("came", "changes", "field", "text"),
    [
        ([], {}, "rows", "Enter what came"),
        ([Came(9, UNIT)], {}, "rows.0.product", "was not ordered"),
        ([Came(1, UNIT), Came(1, 0)], {}, "rows.1.quantity", "More than 0"),
        ([Came(1, 10**10)], {}, "rows.0.quantity", "at most 100,000"),
        ([Came(1, UNIT)], {"stores": [-1]}, "order", "no such order"),
        ([Came(1, UNIT)], {"seen": 5}, "", "in the meantime"),
    ],
)
def test_what_cannot_have_come(
    shop: Store, bakery: Supplier, buyer: User, came: list[Came], changes: dict[str, Any], field: str, text: str
) -> None:
    order = ordered(shop, bakery, {1: 10}, expected_on=TODAY)
    with pytest.raises(StockFault, match=text) as fault:
        receives(order, buyer, came, **changes)

    assert list(fault.value.faults) == [field]
    assert not Document.objects.exists()
    assert rest(shop) == {1: 10 * UNIT}


@pytest.mark.parametrize(
    ("lines", "changes", "field"),
    [
        ([], {}, "rows"),
        ([Line(1, UNIT), Line(1, UNIT)], {}, "rows.0.product"),
        ([Line(1, 0)], {}, "rows.0.quantity"),
        ([Line(1, 10**10)], {}, "rows.0.quantity"),
        ([Line(1, UNIT)], {"expected_on": TODAY - timedelta(days=1)}, "expected_on"),
        ([Line(1, UNIT)], {"expected_on": TODAY + timedelta(days=500)}, "expected_on"),
        ([Line(number, UNIT) for number in range(2001)], {}, "rows"),
    ],
)
def test_what_cannot_be_ordered(
    shop: Store, bakery: Supplier, buyer: User, lines: list[Line], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(StockFault) as fault:
        sends(shop, bakery, buyer, *lines, **changes)

    assert list(fault.value.faults) == [field]
    assert not Order.objects.exists()


def test_a_button_that_is_pressed_twice_sends_one_order(shop: Store, bakery: Supplier, buyer: User) -> None:
    first = sends(shop, bakery, buyer, Line(1, UNIT))
    again = sends(shop, bakery, buyer, Line(1, UNIT), now=NOW + timedelta(seconds=20))
    other = sends(shop, bakery, buyer, Line(1, 2 * UNIT))
    later = sends(shop, bakery, buyer, Line(1, UNIT), now=NOW + timedelta(minutes=5))

    assert again == first
    assert len({first.pk, other.pk, later.pk}) == 3
    assert OrderLine.objects.count() == 3


def at_once(*works: Callable[[], object]) -> list[object]:
    """What came of each, an StockFault being one; all begin together, each with a connection of its own."""
    barrier = Barrier(len(works))

    def work(one: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return one()
        except StockFault as fault:
            return fault
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(work, works))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("quantity", "seen"), [(10, None), (4, 0)])
def test_two_receivers_at_the_same_time_enter_one_truck_once(quantity: int, seen: int | None) -> None:
    shop = make_store(make_retailer())
    buyer = User.objects.create_user("buyer")
    order = ordered(shop, supplier(shop.retailer), {1: 10}, expected_on=TODAY)

    def unpack() -> object:
        return receives(order, buyer, [Came(1, quantity * UNIT)], seen=seen)

    found = at_once(*[unpack] * 4)
    assert sum(isinstance(one, StockFault) for one in found) == 3
    assert Movement.objects.count() == 1
    assert on_hand([shop.pk]) == {(shop.pk, 1): quantity * UNIT}
    assert OrderLine.objects.get().received == quantity * UNIT


@pytest.mark.django_db(transaction=True)
def test_two_buttons_at_the_same_time_send_one_order() -> None:
    shop = make_store(make_retailer())
    buyer, of = User.objects.create_user("buyer"), supplier(shop.retailer)

    found = at_once(*[lambda: sends(shop, of, buyer, Line(1, UNIT))] * 3)
    assert len(set(found)) == 1
    assert Order.objects.count() == 1
