"""The forms of orders, by people and by programs: who may, what is stored, and what is refused as a whole."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.keys.operations import make_key
from portal.models import Membership
from tests.cast import RetailCast, make_retail_cast
from warehouse.models import Document, Order, OrderLine, Supplier
from warehouse.orders.tests.rows import NOW, TODAY, costs, counted, forecast, item, named, ordered, sold, supplier
from warehouse.stock.on_hand import on_hand

UNIT = 10_000
FORMS = ("order-form", "receive", "cancel-order")


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' clock stands at NOW."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def cast(db: None) -> RetailCast:
    return make_retail_cast()


@pytest.fixture
def bakery(cast: RetailCast) -> Supplier:
    """A store that needs bread and rolls, whose prices are known."""
    of = supplier(cast.retailer, name="Bakery", lead_days=2, review_days=7)
    store = cast.stores[0]
    for product, name in ((1, "Rye bread"), (2, "Roll")):
        named(cast.retailer, product, name)
        item(cast.retailer, product, supplier=of, pack=12)
        sold(store, product, 1, 3)
        forecast(store, product, 3.0)
        counted(store, product, 14)
    costs(store, 1, 2150.5)
    return of


def url(cast: RetailCast, name: str) -> str:
    return reverse(f"stock-{name}", args=[cast.retailer.pk])


def posted(rows: list[dict[str, str]], **fields: Any) -> dict[str, str]:
    """A form as a browser sends it."""
    names = {f"rows-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
    return {**{name: str(value) for name, value in fields.items()}, **names}


def order_these(cast: RetailCast, of: Supplier, *rows: dict[str, str], **fields: Any) -> dict[str, str]:
    return posted(list(rows), **{"store": cast.stores[0].pk, "supplier": of.pk, **fields})


def test_what_is_suggested_is_filled_in_and_ordered(cast: RetailCast, bakery: Supplier) -> None:
    address = url(cast, "order-form")
    page = cast.owner.get(address, {"store": cast.stores[0].pk, "supplier": bakery.pk})
    text = page.content.decode()
    assert 'value="Rye bread"' in text
    assert 'value="24"' in text
    assert 'value="21.505"' in text
    assert 'value="2026-12-02"' in text

    rows = [{"product": "1", "name": "Rye bread", "quantity": "36", "unit_cost": "21.505"},
            {"product": "2", "name": "Roll", "quantity": "", "unit_cost": ""}]  # fmt: skip
    answer = cast.owner.post(address, order_these(cast, bakery, *rows, note="Early"), follow=True)
    order = Order.objects.get()
    assert answer.redirect_chain[-1][0] == f"{url(cast, 'order')}?id={order.pk}"
    assert (
        "is written down. Send them its file; it is expected on Wednesday 2 December 2026." in answer.content.decode()
    )
    assert (order.store, order.supplier, order.note) == (cast.stores[0], bakery, "Early")
    assert (order.sent_on, order.expected_on) == (TODAY, date(2026, 12, 2))
    assert order.made_by.username == "corner-owner"
    [line] = order.lines.all()
    assert (line.product, line.quantity, line.unit_cost) == (1, 36 * UNIT, 21_505_000)


def test_what_is_still_to_come_is_filled_in_and_received(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[0], bakery, {1: 24, 2: 12}, expected_on=TODAY)
    order.lines.filter(product=1).update(received=12 * UNIT)
    address = url(cast, "receive")
    text = cast.store_manager.get(address, {"order": order.pk}).content.decode()
    assert text.count('value="12"') == 3

    rows = [{"product": "Rye bread", "quantity": "12", "unit_cost": "20", "lot": "L1", "expires_on": "2026-12-05"},
            {"product": "2", "quantity": ""}]  # fmt: skip
    fields = {"order": order.pk, "seen": "12", "day": TODAY, "reference": "LS 9"}
    answer = cast.store_manager.post(address, posted(rows, **fields), follow=True)
    assert "Saved: 1 row came into stock, and more is still to come." in answer.content.decode()
    assert on_hand([cast.stores[0].pk])[cast.stores[0].pk, 1] == 26 * UNIT
    movement = Document.objects.get(kind="delivery").movements.get()
    assert (movement.unit_cost, movement.lot, movement.expires_on) == (20_000_000, "L1", date(2026, 12, 5))

    # The page that was opened before is sent again.
    again = cast.store_manager.post(address, posted(rows, **fields))
    assert again.status_code == 400
    assert "Somebody has entered a delivery of this order in the meantime" in again.content.decode()
    assert Document.objects.filter(kind="delivery").count() == 1


def test_the_rest_is_cancelled(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[0], bakery, {1: 24}, expected_on=TODAY)
    answer = cast.owner.post(url(cast, "cancel-order"), {"order": order.pk}, follow=True)
    assert f"Order {order.pk} is over: cancelled." in answer.content.decode()
    order.refresh_from_db()
    assert (order.state, order.ended_at) == ("cancelled", NOW)
    assert cast.owner.post(url(cast, "cancel-order"), {"order": order.pk}).status_code == 400


@pytest.mark.parametrize("name", FORMS)
def test_only_owners_and_managers_write(cast: RetailCast, bakery: Supplier, name: str) -> None:
    order = ordered(cast.stores[0], bakery, {1: 24}, expected_on=TODAY)
    data = {
        "order-form": order_these(cast, bakery, {"product": "1", "quantity": "5"}),
        "receive": posted([{"product": "1", "quantity": "24"}], order=order.pk, day=TODAY),
        "cancel-order": {"order": str(order.pk)},
    }[name]
    for client in (cast.viewer, cast.accountant):
        assert client.get(url(cast, name)).status_code == 403
        assert client.post(url(cast, name), data).status_code == 403
    for client in cast.outsiders.values():
        assert client.get(url(cast, name)).status_code == 404
        assert client.post(url(cast, name), data).status_code == 404
    assert cast.anonymous.post(url(cast, name), data).status_code == 302
    assert Order.objects.get().state == "sent"
    assert OrderLine.objects.get().received == 0

    assert cast.store_manager.post(url(cast, name), data).status_code == 302
    assert Order.objects.count() == 2 if name == "order-form" else Order.objects.get().state != "sent"


def test_a_viewer_sees_no_button_that_orders(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[0], bakery, {1: 1}, expected_on=TODAY)
    for name, query, button in (
        ("reorder", {}, "Order 2 from Bakery"),
        ("orders", {}, "order-form/"),
        ("order", {"id": order.pk}, "receive/?order="),
    ):
        assert button in cast.owner.get(url(cast, name), query).content.decode()
        seen = cast.viewer.get(url(cast, name), query)
        assert seen.status_code == 200
        assert button not in seen.content.decode()


def test_a_manager_writes_for_their_own_stores_only(cast: RetailCast, bakery: Supplier) -> None:
    other = cast.stores[2]
    data = order_these(cast, bakery, {"product": "1", "quantity": "5"}, store=other.pk)
    assert cast.store_manager.post(url(cast, "order-form"), data).status_code == 400
    order = ordered(other, bakery, {1: 5}, expected_on=TODAY)
    rows = posted([{"product": "1", "quantity": "5"}], order=order.pk, day=TODAY)
    for name, form in (("receive", rows), ("cancel-order", {"order": str(order.pk)})):
        answer = cast.store_manager.post(url(cast, name), form)
        assert answer.status_code == 400
        assert "There is no such order." in answer.content.decode()
    text = cast.store_manager.get(url(cast, "receive"), {"order": order.pk}).content.decode()
    assert "Rye bread" not in text

    order.refresh_from_db()
    assert order.state == "sent"
    assert Order.objects.count() == 1


def test_another_retailers_supplier_or_product_is_none(cast: RetailCast, bakery: Supplier) -> None:
    theirs = supplier(cast.rival_retailer, name="Rival’s mill")
    named(cast.rival_retailer, 9, "Rival’s flour")
    page = cast.owner.get(url(cast, "order-form")).content.decode()
    assert "Bakery" in page
    assert "mill" not in page
    row = {"product": "1", "quantity": "5"}
    assert cast.owner.post(url(cast, "order-form"), order_these(cast, theirs, row)).status_code == 400
    unknown = order_these(cast, bakery, {"product": "Rival’s flour", "quantity": "5"})
    answer = cast.owner.post(url(cast, "order-form"), unknown)
    assert answer.status_code == 400
    assert "Row 1, product" in answer.content.decode()
    assert not Order.objects.exists()


def test_faults_name_their_rows_and_nothing_is_stored(cast: RetailCast, bakery: Supplier) -> None:
    rows = [{"product": "1", "quantity": ""}, {"product": "2", "quantity": "5"}, {"product": "Roll", "quantity": "3"}]
    answer = cast.owner.post(url(cast, "order-form"), order_these(cast, bakery, *rows))
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Row 2, product" in text
    assert "This product is in the order twice." in text
    empty = cast.owner.post(url(cast, "order-form"), order_these(cast, bakery, {"product": "1", "quantity": ""}))
    assert "Nothing is to be ordered" in empty.content.decode()
    assert not Order.objects.exists()


def test_goods_do_not_come_tomorrow(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[0], bakery, {1: 5}, expected_on=TODAY)
    rows = posted([{"product": "1", "quantity": "5"}], order=order.pk, day=TODAY + timedelta(days=1))
    assert cast.owner.post(url(cast, "receive"), rows).status_code == 400
    assert OrderLine.objects.get().received == 0


def call(cast: RetailCast, name: str, token: str, body: Any = None) -> Any:
    address = reverse(f"stock-{name}-api", args=[cast.retailer.pk])
    headers = {"Authorization": f"Bearer {token}"}
    if body is None:
        return Client().get(address, headers=headers)
    return Client().post(address, json.dumps(body), content_type="application/json", headers=headers)


def key_of(username: str) -> str:
    return make_key(Membership.objects.get(user__username=username), name="till room", now=NOW)


def test_a_program_orders_and_receives_what_is_suggested(cast: RetailCast, bakery: Supplier) -> None:
    token = key_of("corner-owner")
    suggested = call(cast, "reorder", token).json()["lists"]["reorder"]["rows"]
    found = {row["number"]: (row["quantity"], row["packs"]) for row in suggested}
    assert found == {"1": ("24", 2), "2": ("24", 2)}
    rows = [{"product": row["number"], "quantity": row["quantity"]} for row in suggested]
    made = call(cast, "order-form", token, {"store": cast.stores[0].pk, "supplier": bakery.pk, "rows": rows})
    assert made.status_code == 201, made.content
    number = made.json()["id"]
    assert call(cast, "orders", token).json()["lists"]["orders"]["rows"][0]["order"] == str(number)
    assert call(cast, "reorder", token).json()["lists"]["reorder"]["rows"] == []

    delivery = {"order": number, "day": "2026-11-30", "rows": rows}
    assert call(cast, "receive", token, delivery).status_code == 201
    again = call(cast, "receive", token, delivery)
    assert again.status_code == 422
    assert again.json()["errors"][0]["pointer"] == "/order"
    assert on_hand([cast.stores[0].pk])[cast.stores[0].pk, 2] == 38 * UNIT


def test_a_viewers_program_reads_and_does_not_order(cast: RetailCast, bakery: Supplier) -> None:
    token = key_of("corner-viewer")
    assert call(cast, "reorder", token).status_code == 200
    body = {"store": cast.stores[0].pk, "supplier": bakery.pk, "rows": [{"product": "1", "quantity": "1"}]}
    assert call(cast, "order-form", token, body).status_code == 403
    assert not Order.objects.exists()


def test_receiving_says_which_order_it_is(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[0], bakery, {1: 24}, expected_on=TODAY)
    page = cast.owner.get(url(cast, "receive"), {"order": order.pk}).content.decode()
    assert f"Order {order.pk} of " in page
    assert "Bakery to High Street" in page
    other = cast.rival.get(reverse("stock-receive", args=[cast.rival_retailer.pk]), {"order": order.pk})
    assert "Bakery" not in other.content.decode()
