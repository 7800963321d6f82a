"""Stock's pages: what they show, to whom, and in how many queries."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from ledger.feeding.models import Cursor
from portal.rights import Role
from portal.sheets.pages import PAGE_ROWS
from possys.accounts.models import User
from tests.cast import RetailCast, make_retail_cast
from warehouse.stock.completeness import complete_to
from warehouse.stock.documents import Line
from warehouse.stock.models import Document, Item
from warehouse.stock.naming import names_of
from warehouse.stock.pages import PAGES
from warehouse.stock.tests.factories import Kind, make_document, make_product, make_sold, units

pytestmark = pytest.mark.django_db

TABS = [page.key for page in PAGES if page.is_tab]
# Session, user, scope and frame take seven.
QUERIES = {
    "levels": 13, "movements": 10, "findings": 17, "value": 13, "lots": 12, "items": 9, "suppliers": 8, "count-list": 8,
}  # fmt: skip


@pytest.fixture
def cast(db: None) -> RetailCast:
    return make_retail_cast()


@pytest.fixture
def kept(cast: RetailCast) -> dict[str, int]:
    """Milk at 20.00 and ham at two stores, sold since; eggs that stock does not know, at the first."""
    today, now = timezone.localtime().date(), timezone.localtime()
    high, mill, oak = cast.stores
    user = User.objects.get(username="corner-owner")
    own = cast.retailer.pk
    milk, ham = make_product(own, "M", "Milk"), make_product(own, "H", "Ham", category="Deli")
    eggs = make_product(own, "E", "Eggs")

    def write(kind: Document.Kind, store: Any, days: int, *lines: Line, **head: Any) -> None:
        make_document(kind, store, today - timedelta(days), *lines, user=user, now=now, **head)

    write(Kind.DELIVERY, high, 9, units(milk, 10, 20), units(ham, 2))
    write(Kind.DELIVERY, mill, 9, units(milk, 7, 20, lot="L-1", expires_on=today + timedelta(3)))
    write(Kind.DELIVERY, oak, 9, units(milk, 3, 20))
    for store, product, count, net in ((high, milk, 4, 11_000), (high, ham, 5, 9_900), (high, eggs, 6, 5_000)):
        make_sold(store.pk, product, today - timedelta(5), count, net=net)
    write(Kind.COUNT, high, 2, units(milk, 5), moment="after")
    return {"milk": milk, "ham": ham, "eggs": eggs}


def page_of(cast: RetailCast, page: str, who: Client | None = None, **query: Any) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    response = (who or cast.owner).get(f"/portal/{cast.retailer.pk}/stock/{page}/{asked}")
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def csv_of(cast: RetailCast, page: str, who: Client | None = None, **query: Any) -> list[str]:
    response = (who or cast.owner).get(f"/portal/{cast.retailer.pk}/stock/{page}.csv?{urlencode(query)}")
    assert response.status_code == 200
    return response.content.decode("utf-8-sig").splitlines()


def test_levels_say_what_is_there_and_what_it_is_worth(cast: RetailCast, kept: dict[str, int]) -> None:
    lines = csv_of(cast, "levels")
    assert any(line.startswith("Ham,-3,0,,0.00,1,,Deli,H,") for line in lines), lines
    assert any(line.startswith("Milk,15,0,20.00,300.00,0,") for line in lines), lines
    assert not any("Eggs" in line for line in lines)
    assert any(line.startswith("Milk,5,") for line in csv_of(cast, "levels", store=cast.stores[0].pk))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"only": "negative"}, {"Ham"}),
        ({"only": "costless"}, set()),
        ({"only": "low"}, {"Ham"}),
        ({"search": "mil"}, {"Milk"}),
        ({"search": "M"}, {"Milk", "Ham"}),
        ({"category": "Deli"}, {"Ham"}),
    ],
)
def test_levels_are_narrowed_down(cast: RetailCast, kept: dict[str, int], query: Any, expected: set[str]) -> None:
    lines = csv_of(cast, "levels", **query)
    assert {name for name in ("Milk", "Ham", "Eggs") if any(line.startswith(f"{name},") for line in lines)} == expected


def test_a_list_of_levels_goes_on_where_it_ended(cast: RetailCast) -> None:
    user = User.objects.get(username="corner-owner")
    lines = [units(make_product(cast.retailer.pk, f"P-{n}", f"Thing {n // 2:03}"), n) for n in range(1, PAGE_ROWS + 11)]
    make_document(Kind.DELIVERY, cast.stores[0], timezone.localtime().date(), *lines, user=user,
                  now=timezone.localtime())  # fmt: skip
    Item.objects.update(shelf_minimum=10**9)
    asked: list[dict[str, Any]] = [{}, {"only": "low"}]
    for query in asked:
        first = page_of(cast, "levels", **query)
        (further,) = set(re.findall(r'href="\?([^"]*after=[^"]*)"', first))
        rest: dict[str, Any] = {name: values[0] for name, values in parse_qs(unescape(further)).items()}
        second = page_of(cast, "levels", **rest)
        assert "after=" not in second
        products = [re.findall(r'product=(\d+)[^"]*">Thing', text) for text in (first, second)]
        assert [len(own) for own in products] == [PAGE_ROWS, 10]
        assert len({*products[0], *products[1]}) == PAGE_ROWS + 10


@pytest.mark.parametrize("page", ["levels", "items", "lots"])
@pytest.mark.parametrize("after", ["x", "x:y", "99999999999999999999:Milk", "1", ":", "²:Milk"])
def test_a_place_that_no_list_has_is_no_error(cast: RetailCast, kept: dict[str, int], page: str, after: str) -> None:
    page_of(cast, page, after=after)


def test_findings_say_what_to_do(cast: RetailCast, kept: dict[str, int]) -> None:
    text = page_of(cast, "findings", store=cast.stores[0].pk)
    assert "Below 0: A delivery was not entered" in text
    assert "Without a cost: " not in text


def test_a_product_with_its_stores_movements_weeks_and_lots(cast: RetailCast, kept: dict[str, int]) -> None:
    text = page_of(cast, "product", product=kept["milk"])
    for expected in ("Milk", "High Street", "Oak Avenue", "L-1", "Delivery", "Count", "110.00"):
        assert expected in text, expected
    own = page_of(cast, "product", cast.store_manager, product=kept["milk"])
    assert "Oak Avenue" not in own
    assert cast.owner.get(f"/portal/{cast.retailer.pk}/stock/product/?product=77").status_code == 404


def test_movements_and_documents_show_what_was_written(cast: RetailCast, kept: dict[str, int]) -> None:
    lines = csv_of(cast, "movements")
    assert sum("Delivery" in line for line in lines) == 4
    assert sum("Oak Avenue" in line for line in csv_of(cast, "movements", cast.store_manager)) == 0
    delivery = Document.objects.filter(store=cast.stores[2]).get()
    at = f"/portal/{cast.retailer.pk}/stock/document/?id={delivery.pk}"
    assert "Take it back" in cast.owner.get(at).content.decode()
    assert "Take it back" not in cast.viewer.get(at).content.decode()
    assert cast.store_manager.get(at).status_code == 404


def test_value_and_margin(cast: RetailCast, kept: dict[str, int]) -> None:
    lines = csv_of(cast, "value")
    # 4 sold at 20.00 brought 110.00; of ham and eggs nobody knows the cost.
    assert any(line.startswith("Dairy,300.00,160.00,80.00,30.00,") and line.endswith(",50.00") for line in lines), lines
    assert any(line.startswith("Deli,0.00,99.00,0.00,0.00,,99.00") for line in lines), lines
    assert any(line.startswith("High Street,100.00,259.00,80.00,30.00,") for line in lines), lines


def test_findings_name_what_does_not_fit(cast: RetailCast, kept: dict[str, int]) -> None:
    high, mill, _ = cast.stores
    lines = csv_of(cast, "findings", store=high.pk)
    assert any(line.startswith("Ham,-3") for line in lines), lines
    assert any(line.startswith("Eggs,6,50.00") for line in lines), lines
    # 10 came, 4 were sold, 5 were counted: one is missing, at 20.00.
    assert any(line.startswith("Milk,") and ",-1,-20.00,6,5" in line for line in lines), lines
    assert any(line.startswith("Milk,") and ",3,7,140.00,L-1,Mill Lane" in line
               for line in csv_of(cast, "findings", store=mill.pk))  # fmt: skip


def test_what_is_not_kept_is_no_finding(cast: RetailCast, kept: dict[str, int]) -> None:
    known = names_of(cast.retailer.pk, [kept["eggs"]])[kept["eggs"]]
    Item.objects.create(retailer=cast.retailer, product=kept["eggs"], key=known.key, is_tracked=False)
    Item.objects.filter(product=kept["ham"]).update(is_tracked=False)
    lines = csv_of(cast, "findings", store=cast.stores[0].pk)
    assert not any(line.startswith(("Eggs", "Ham")) for line in lines)


def test_lots_that_expire_soon(cast: RetailCast, kept: dict[str, int]) -> None:
    assert any("L-1" in line for line in csv_of(cast, "lots"))
    assert not any("L-1" in line for line in csv_of(cast, "lots", days=2))


def test_pages_say_up_to_when_sales_are_counted(cast: RetailCast, kept: dict[str, int]) -> None:
    shards = sorted({store.shard for store in cast.stores})
    early, late = (timezone.localtime() - timedelta(minutes=minutes) for minutes in (70, 5))
    for shard in shards[:-1]:
        Cursor.objects.create(consumer="stock", shard=shard, block=1, complete_to=late)
    assert complete_to([store.pk for store in cast.stores]) is None
    Cursor.objects.create(consumer="stock", shard=shards[-1], block=1, complete_to=early)
    assert complete_to([store.pk for store in cast.stores]) == early
    assert any(line.startswith("Complete up to,") for line in csv_of(cast, "levels"))


def test_an_empty_stock_says_what_to_do_first(cast: RetailCast) -> None:
    assert "Stock begins with a first count" in page_of(cast, "levels")
    for page in TABS:
        page_of(cast, page)


def test_the_list_for_counting_is_the_counts_own_file(cast: RetailCast, kept: dict[str, int]) -> None:
    assert "Part 1" in page_of(cast, "count-list")
    at = f"/portal/{cast.retailer.pk}/stock/count.csv?store={cast.stores[0].pk}"
    lines = cast.owner.get(at).content.decode("utf-8-sig").splitlines()
    assert lines == [
        "product,quantity,unit_cost,lot,expires_on,name", "E,,,,,Eggs", "M,,,,,Milk", "H,,,,,Ham",
    ]  # fmt: skip
    assert cast.owner.get(f"{at}&part=2").status_code == 404
    assert cast.store_manager.get(at.replace(str(cast.stores[0].pk), str(cast.stores[2].pk))).status_code == 404


@pytest.mark.parametrize("page", sorted(QUERIES))
def test_queries(cast: RetailCast, kept: dict[str, int], django_assert_num_queries: Any, page: str) -> None:
    with django_assert_num_queries(QUERIES[page]):
        page_of(cast, page)


def test_outsiders_learn_nothing_and_members_see_their_own(cast: RetailCast, kept: dict[str, int]) -> None:
    at = f"/portal/{cast.retailer.pk}/stock/"
    for page in (*TABS, "product", "document", "count-list"):
        for outsider in cast.outsiders.values():
            assert outsider.get(f"{at}{page}/").status_code == 404
            assert outsider.get(f"/api/v1/retailers/{cast.retailer.pk}/stock/{page}").status_code in {401, 403, 404}
        assert cast.anonymous.get(f"{at}{page}/").status_code == 302
    for page in TABS:
        for role, client in cast.members.items():
            text = page_of(cast, page, client)
            assert ("Oak Avenue" in text) == (role is not Role.STORE_MANAGER and page not in {"items", "suppliers"})
    with transaction.atomic():
        assert cast.store_manager.get(f"{at}levels/?store={cast.stores[2].pk}").status_code == 404
