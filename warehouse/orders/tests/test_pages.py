"""The pages of orders as everybody sees them: people, spreadsheets and programs."""

import csv
import io
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.cast import RetailCast, make_retail_cast
from warehouse.demand.classing import step
from warehouse.models import Supplier
from warehouse.orders.tests.rows import (
    NOW,
    TODAY,
    came,
    costs,
    counted,
    day,
    forecast,
    item,
    named,
    ordered,
    sold,
    supplier,
)

UNIT = 10_000
LISTS = ("reorder", "orders", "dead-stock", "classes", "class")


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' clock stands at NOW."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def cast(db: None) -> RetailCast:
    return make_retail_cast()


@pytest.fixture
def bakery(cast: RetailCast) -> Supplier:
    """Two stores of the manager's and one that is not, each in need of bread and with lanterns that nobody buys."""
    of = supplier(cast.retailer, name="Bakery", lead_days=2, review_days=7)
    named(cast.retailer, 1, "Rye bread")
    named(cast.retailer, 2, "Paper lantern")
    item(cast.retailer, 1, supplier=of, pack=12)
    item(cast.retailer, 2)
    for store in cast.stores:
        sold(store, 1, 1, 3)
        forecast(store, 1, 3.0)
        counted(store, 1, 14)
        came(store, 2, 10, ago=100)
        costs(store, 1, 2100)
        costs(store, 2, 55_000)
    return of


def url(cast: RetailCast, name: str, *more: str) -> str:
    return reverse(f"stock-{name}", args=[cast.retailer.pk, *more])


def text_of(client: Client, address: str, **query: Any) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def rows_of(client: Client, cast: RetailCast, name: str, **query: Any) -> list[dict[str, str]]:
    """The list of a CSV file."""
    response = client.get(url(cast, f"{name}-file", "csv"), query)
    assert response.status_code == 200
    lines = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    # The last block is the list: a title, a definition, the columns, the rows.
    blocks: list[list[list[str]]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    _, _, titles, *rows = [block for block in blocks if block][-1]
    # A list without rows has a sentence instead.
    return [dict(zip(titles, row, strict=True)) for row in rows if len(row) > 1]


def test_a_person_sees_what_to_order_and_why(cast: RetailCast, bakery: Supplier) -> None:
    page = text_of(cast.owner, url(cast, "reorder"))
    assert "Rye bread" in page
    assert "14 left, 27 expected until the next delivery on Wednesday 9 December, 36 to be safe" in page
    assert "Order 1 from Bakery for High Street" in page
    assert page.count("order 2 packs of 12") == 3


def test_the_manager_sees_their_own_stores_only(cast: RetailCast, bakery: Supplier) -> None:
    ordered(cast.stores[2], bakery, {1: 7}, expected_on=TODAY)
    ordered(cast.stores[0], bakery, {1: 9}, expected_on=TODAY)
    for name in ("reorder", "orders", "dead-stock"):
        rows = rows_of(cast.store_manager, cast, name)
        assert {row["Store"] for row in rows} <= {"High Street", "Mill Lane"}
        assert rows
        own = rows_of(cast.owner, cast, name)
        assert "Oak Avenue" in {row["Store"] for row in own}
    other = cast.stores[2].pk
    for name in LISTS:
        assert cast.store_manager.get(url(cast, name), {"store": other}).status_code == 404


def test_a_figure_of_the_whole_is_for_those_who_see_the_whole(cast: RetailCast, bakery: Supplier) -> None:
    for place, store in enumerate(cast.stores):
        sold(store, 1, 5, 10 * (place + 1))
    step(TODAY)

    def revenue(client: Client, **query: Any) -> set[str]:
        return {row["Net revenue, CZK"] for row in rows_of(client, cast, "class", **query)}

    assert revenue(cast.owner) == {"690.00"}
    assert revenue(cast.viewer) == {"690.00"}
    assert revenue(cast.owner, store=cast.stores[2].pk) == {"330.00"}
    # A manager begins with the first of their stores.
    assert revenue(cast.store_manager) == {"130.00"}
    assert revenue(cast.store_manager, store=cast.stores[1].pk) == {"230.00"}


@pytest.mark.parametrize("name", [*LISTS, "order"])
def test_pages_files_and_lists_are_for_members(cast: RetailCast, bakery: Supplier, name: str) -> None:
    order = ordered(cast.stores[0], bakery, {1: 7}, expected_on=TODAY)
    query = {"id": order.pk} if name == "order" else {}
    for address in (url(cast, name), url(cast, f"{name}-file", "csv"), url(cast, f"{name}-file", "xlsx")):
        for role, client in cast.members.items():
            assert client.get(address, query).status_code == 200, role
        for outsider, client in cast.outsiders.items():
            assert client.get(address, query).status_code == 404, outsider
        assert cast.anonymous.get(address, query).status_code == 302


def test_an_order_of_another_store_does_not_exist(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[2], bakery, {1: 7}, expected_on=TODAY)
    rival = ordered(cast.rival_store, supplier(cast.rival_retailer), {1: 7}, expected_on=TODAY)

    assert cast.owner.get(url(cast, "order"), {"id": order.pk}).status_code == 200
    assert cast.store_manager.get(url(cast, "order"), {"id": order.pk}).status_code == 404
    assert cast.owner.get(url(cast, "order"), {"id": rival.pk}).status_code == 404
    assert cast.owner.get(url(cast, "order")).status_code == 400


def test_the_suppliers_file_says_what_was_ordered(cast: RetailCast, bakery: Supplier) -> None:
    order = ordered(cast.stores[0], bakery, {1: 24}, expected_on=TODAY + timedelta(days=2), note="Back door")
    order.lines.update(unit_cost=2100 * UNIT, received=12 * UNIT)
    [row] = rows_of(cast.viewer, cast, "order", id=order.pk)
    assert row == {
        "Product": "Rye bread", "Number": "1", "GTIN": "", "Ordered": "24", "Packs": "2", "Units in a pack": "12",
        "Received": "12", "Still to come": "12", "Cost of a unit, CZK": "21.00", "Cost, CZK": "504.00",
    }  # fmt: skip

    page = text_of(cast.owner, url(cast, "order"), id=order.pk)
    assert f"Order {order.pk} to Bakery" in page
    assert "Note: Back door" in page
    book = cast.owner.get(url(cast, "order-file", "xlsx"), {"id": order.pk})
    with ZipFile(io.BytesIO(book.content)) as parts:
        assert b"Rye bread" in b"".join(parts.read(name) for name in parts.namelist())


def test_orders_are_found_by_what_became_of_them(cast: RetailCast, bakery: Supplier) -> None:
    store = cast.stores[0]
    made = {
        "coming": ordered(store, bakery, {1: 5, 2: 5}, expected_on=TODAY),
        "late": ordered(store, bakery, {1: 5}, expected_on=day(3)),
        "received": ordered(store, bakery, {1: 5}, expected_on=day(9), state="received"),
        "cancelled": ordered(store, bakery, {1: 5}, expected_on=day(9), state="cancelled"),
    }
    made["coming"].lines.filter(product=1).update(received=5 * UNIT, unit_cost=333)

    def found(**query: Any) -> list[tuple[str, str, str]]:
        rows = rows_of(cast.owner, cast, "orders", **query)
        return [(row["Order"], row["Days late"], row["Still to come"]) for row in rows]

    numbers = {name: str(order.pk) for name, order in made.items()}
    coming, late = (numbers["coming"], "", "1"), (numbers["late"], "3", "1")
    assert found() == [late, coming]
    assert found(which="late") == [late]
    assert found(which="received") == [(numbers["received"], "", "")]
    assert found(which="cancelled") == [(numbers["cancelled"], "", "")]
    assert len(found(which="all")) == 4
    assert "Late" in text_of(cast.owner, url(cast, "orders"))


def test_a_long_list_goes_on_behind_its_last_order(cast: RetailCast, bakery: Supplier) -> None:
    from warehouse.orders.orders_page import read_orders
    from warehouse.orders.queries import Which

    orders = [ordered(cast.stores[0], bakery, {1: 5}, expected_on=TODAY) for _ in range(5)]
    scope = _scope(cast)
    seen: list[str] = []
    after = 0
    while True:
        asked = {"stores": scope.store_ids, "which": Which.OPEN, "limit": 2, "after": after}
        found = read_orders(scope, asked, NOW)
        seen += [str(row[0]) for row in found.panels[0].rows]
        if not found.after:
            break
        after = int(found.after)
    assert seen == [str(order.pk) for order in reversed(orders)]


def _scope(cast: RetailCast) -> Any:
    from portal.queries import scope_of
    from possys.accounts.models import User

    return scope_of(User.objects.get(username="corner-owner"), cast.retailer.pk)


def test_dead_stock_comes_by_value(cast: RetailCast, bakery: Supplier) -> None:
    rows = rows_of(cast.owner, cast, "dead-stock", store=cast.stores[0].pk)
    assert [(row["Product"], row["Value, CZK"], row["Why"]) for row in rows] == [
        ("Paper lantern", "5500.00", "Not sold")
    ]
    assert rows_of(cast.owner, cast, "dead-stock", days=120) == []
    assert cast.owner.get(url(cast, "dead-stock"), {"days": 0}).status_code == 400


def test_the_matrix_adds_up(cast: RetailCast, bakery: Supplier) -> None:
    for store in cast.stores:
        for week in range(13):
            sold(store, 2, week * 7 + 2, 1, net=30_000)
    step(TODAY)
    rows = {row["Class"]: row for row in rows_of(cast.owner, cast, "classes")}

    assert len(rows) == 9
    assert rows["AX"]["Products"] == "1"
    assert rows["AX"]["Net revenue, CZK"] == "11700.00"
    assert rows["AX"]["Stock value, CZK"] == "0.00"
    assert rows["CZ"]["Products"] == "1"
    # 14 loaves were counted in each store when it had closed.
    assert rows["CZ"]["Stock value, CZK"] == "882.00"
    assert sum(float(row["Of the revenue, %"]) for row in rows.values()) == pytest.approx(100, abs=0.1)
    page = text_of(cast.owner, url(cast, "classes"))
    assert "Counted on 30 November 2026." in page
    assert "A: brings much" in page
    assert "Z because fewer than 8 weeks are known since they were first sold: 1 product." in page
    assert "class/?abc=A&amp;xyz=X" in page


@pytest.mark.parametrize(("name", "most"), [("reorder", 18), ("orders", 12), ("dead-stock", 18), ("classes", 14)])
def test_a_page_asks_as_often_for_many_products_as_for_one(
    cast: RetailCast, bakery: Supplier, name: str, most: int
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            text_of(cast.owner, url(cast, name))
        return len(found)

    ordered(cast.stores[0], bakery, {1: 5}, expected_on=TODAY)
    step(TODAY)
    queries()
    before = queries()
    for product in range(3, 20):
        item(cast.retailer, product, supplier=bakery)
        forecast(cast.stores[0], product, 1.0)
        counted(cast.stores[0], product, 2)
        sold(cast.stores[0], product, 1, 1)
        ordered(cast.stores[0], bakery, {product: 5}, expected_on=TODAY)
    assert queries() == before <= most
