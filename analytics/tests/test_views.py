"""The dashboards' pages: who sees what, what an address may ask for, how many queries it takes, news and files."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics.models import SaleRow, StoreHour, TaxDay
from analytics.sheets import SHEETS
from benchmarks.rollup_rows import add_up_stores
from portal.rights import RIGHTS, Right, Role
from tests.cast import RetailCast, make_retail_cast

PAGES = [*SHEETS, "receipts", "definitions"]
FILES = [*SHEETS, "receipts"]
# Session, user and scope take four; a page's own are named in analytics.pages and analytics.front.
QUERIES = {
    "overview": 15,
    "products": 8,
    "baskets": 7,
    "money": 11,
    "stores": 8,
    "peers": 7,
    "health": 8,
    "receipts": 7,
    # Every page is asked for its texts, about a day on which nothing was sold.
    "definitions": 39,
}


@pytest.fixture
def cast(db: None) -> RetailCast:
    """Everybody, at retailers without terminals."""
    return make_retail_cast()


@pytest.fixture
def sold(cast: RetailCast) -> RetailCast:
    """A sale of 100.00 in each of the retailer's stores, and one of 77,777.77 at the rival's."""
    for number, store in enumerate((*cast.stores, cast.rival_store)):
        sell(store.pk, terminal=64 + number, total=7_777_777 if store == cast.rival_store else 10_000)
    add_up_stores(lambda _: None)
    return cast


def sell(store: int, *, terminal: int, total: int, sequence: int = 1) -> None:
    """A sale of today at midnight, in the tables that the pages read."""
    moment = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    day = moment.date()
    SaleRow.objects.create(
        identity=terminal << 29 | sequence, store=store, day=day, issued_at=moment, hour=0, type=0, currency="CZK",
        total=total, discounts=0, lines=1, methods=1, is_late=False, products=[],
    )  # fmt: skip
    StoreHour.objects.create(
        store=store, day=day, hour=0, currency="CZK", sales=1, refunds=0, voids=0, gross=total, refunded=0, voided=0,
        tax=0, discounts=0, discounted=0, lines=1, offline=0, late=0,
    )  # fmt: skip
    TaxDay.objects.create(store=store, day=day, code="A", rate="21.00", currency="CZK", net=total, tax=4_321)


def address(cast: RetailCast, page: str, query: str = "period=today") -> str:
    return f"{reverse(f'sales-{page}', args=[cast.retailer.pk])}?{query}"


def file_address(cast: RetailCast, page: str, form: str = "csv") -> str:
    return f"{reverse(f'sales-{page}-file', args=[cast.retailer.pk, form])}?period=today"


def test_every_page_opens_to_every_role_and_to_no_outsider(cast: RetailCast) -> None:
    for page in PAGES:
        for role, client in cast.members.items():
            assert client.get(address(cast, page)).status_code == 200, (page, role)
        for outsider, client in cast.outsiders.items():
            answer = client.get(address(cast, page))
            assert answer.status_code == 404, (page, outsider)
            assert cast.retailer.name not in answer.content.decode()
        assert cast.anonymous.get(address(cast, page)).status_code == 302


def test_every_file_is_given_to_its_roles_and_to_no_outsider(cast: RetailCast) -> None:
    for page in FILES:
        right = Right.EXPORT_RECEIPTS if page == "receipts" else Right.EXPORT
        for form in ("csv", "xlsx"):
            url = file_address(cast, page, form)
            for role, client in cast.members.items():
                assert client.get(url).status_code == (200 if right in RIGHTS[role] else 403), (page, role)
            assert {client.get(url).status_code for client in cast.outsiders.values()} == {404}
            assert cast.anonymous.get(url).status_code == 302


def test_a_file_of_receipts_says_that_it_is_cut(sold: RetailCast, monkeypatch: pytest.MonkeyPatch) -> None:
    url = file_address(sold, "receipts")
    whole = sold.owner.get(url).content.decode("utf-8-sig")
    assert "Cut after" not in whole
    for module in ("analytics.views", "portal.sheets.files"):
        monkeypatch.setattr(f"{module}.ROWS_MAX", 1)
    assert "Cut after the first 1 rows." in sold.owner.get(url).content.decode("utf-8-sig")


def test_a_file_is_named_after_what_is_in_it(sold: RetailCast) -> None:
    answer = sold.owner.get(file_address(sold, "overview"))
    today = timezone.localtime().date()
    assert answer["Content-Disposition"] == (f'attachment; filename="corner-shops-overview-{today}.csv"')
    assert "\r\nRevenue,300.00," in answer.content.decode("utf-8-sig")


def test_no_page_opens_to_a_role_without_rights(cast: RetailCast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIGHTS, Role.VIEWER, frozenset())
    assert {cast.viewer.get(address(cast, page)).status_code for page in PAGES} == {403}


def test_a_role_without_receipts_is_led_to_none(sold: RetailCast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "/sales/receipts/" in sold.viewer.get(address(sold, "overview")).content.decode()
    monkeypatch.setitem(RIGHTS, Role.VIEWER, frozenset({Right.SEE_FIGURES}))
    for page in SHEETS:
        assert "/sales/receipts" not in sold.viewer.get(address(sold, page)).content.decode(), page


def test_taxes_are_for_who_may_see_them_on_the_page_and_in_its_file(sold: RetailCast) -> None:
    for role, client in sold.members.items():
        seen = Right.SEE_TAX in RIGHTS[role]
        assert ("21.00" in client.get(address(sold, "money")).content.decode()) is seen, role
        assert (",21.00," in client.get(file_address(sold, "money")).content.decode()) is seen, role


def test_a_store_manager_sees_their_stores_whatever_the_address_says(sold: RetailCast) -> None:
    manager, (high, mill, oak) = sold.store_manager, sold.stores
    assert "CZK\u00a0200.00" in manager.get(address(sold, "overview")).content.decode()
    assert "CZK\u00a0300.00" in sold.owner.get(address(sold, "overview")).content.decode()
    for page in PAGES:
        text = manager.get(address(sold, page)).content.decode()
        assert oak.name not in text, page
        if page != "definitions":
            assert manager.get(address(sold, page, f"store={high.pk}&store={oak.pk}")).status_code == 404
            assert manager.get(address(sold, page, f"store={sold.rival_store.pk}")).status_code == 404
            assert manager.get(address(sold, page, f"store={mill.pk}")).status_code == 200
    for page in FILES:
        text = manager.get(file_address(sold, page)).content.decode("utf-8-sig")
        assert oak.name not in text, page


def test_nobody_sees_anything_of_a_rival(sold: RetailCast) -> None:
    for page in PAGES:
        text = sold.owner.get(address(sold, page)).content.decode()
        assert "77,777.77" not in text
        assert sold.rival_store.name not in text
    assert sold.owner.get(address(sold, "overview", f"store={sold.rival_store.pk}")).status_code == 404


def test_a_page_takes_so_many_queries_however_much_is_sold(
    sold: RetailCast, django_assert_num_queries: Callable[..., Any]
) -> None:
    for page in PAGES:
        # The retailer that was looked at last is kept in the session, once.
        sold.owner.get(address(sold, page))
        with django_assert_num_queries(QUERIES[page]):
            sold.owner.get(address(sold, page))


def test_what_is_faulty_in_an_address_is_said_and_the_rest_is_kept(sold: RetailCast) -> None:
    store = sold.stores[0].pk
    answer = sold.owner.get(address(sold, "overview", f"period=today&store={store}&hour=25&compare=never"))
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "A whole number from 0 to 23." in text
    assert "Choose one of before, year, none." in text
    assert "CZK\u00a0100.00" in text
    assert sold.owner.get(address(sold, "receipts", "after=x")).status_code == 400
    assert sold.owner.get(file_address(sold, "overview") + "&hour=25").status_code == 400


def test_typed_days_become_one_period(cast: RetailCast) -> None:
    answer = cast.owner.get(address(cast, "overview", "from=2026-01-02&to=2026-01-03&store=5&period=today"))
    assert answer["Location"] == "?period=2026-01-02..2026-01-03&store=5"
    answer = cast.owner.get(address(cast, "receipts", "from=&to=2026-01-03"))
    assert answer["Location"] == "?period=2026-01-03..2026-01-03"


def test_links_of_a_page_keep_its_filters(sold: RetailCast) -> None:
    store = sold.stores[0].pk
    text = sold.owner.get(address(sold, "overview", f"period=7d&compare=year&store={store}")).content.decode()
    kept = f"period=7d&amp;compare=year&amp;store={store}"
    for page in ("products", "baskets", "money", "stores", "health", "receipts"):
        assert f"/sales/{page}/?{kept}" in text
    assert f"overview.csv?{kept}" in text
    assert f"?period=today&amp;compare=year&amp;store={store}" in text


def live(client: Client, url: str, tag: str = "") -> Any:
    return client.get(url, headers={"Possys-Part": "live", **({"If-None-Match": tag} if tag else {})})


def test_a_page_answers_with_its_changing_part_alone(sold: RetailCast) -> None:
    answer = live(sold.owner, address(sold, "overview"))
    text = answer.content.decode()
    assert "CZK\u00a0300.00" in text
    assert "<html" not in text
    assert text.count("data-live ") == 1


def test_nothing_new_is_answered_with_304(sold: RetailCast, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = timezone.now()
    monkeypatch.setattr("analytics.views.complete_to", lambda stores: moment)
    url = address(sold, "overview")
    tag = live(sold.owner, url)["ETag"]
    assert live(sold.owner, url, tag).status_code == 304
    moment += timedelta(seconds=1)
    assert live(sold.owner, url, tag).status_code == 200


def test_a_page_without_known_completeness_is_always_sent_anew(sold: RetailCast) -> None:
    answer = live(sold.owner, address(sold, "overview"))
    assert "ETag" not in answer
    assert "Not known how complete" in answer.content.decode()


def test_only_a_period_that_is_not_over_asks_for_news(sold: RetailCast) -> None:
    assert 'data-every="10"' in sold.owner.get(address(sold, "overview")).content.decode()
    past = address(sold, "overview", "period=2026-01-01..2026-01-31")
    assert 'data-every="0"' in sold.owner.get(past).content.decode()


def test_a_receipt_leads_to_its_page_on_the_customers_site(sold: RetailCast) -> None:
    text = sold.owner.get(address(sold, "receipts")).content.decode()
    assert text.count('<th scope="row" class="slip-code"><a href="/') == 3
    assert "3 receipts" in text


def test_an_empty_page_says_what_to_do(cast: RetailCast) -> None:
    text = cast.owner.get(address(cast, "receipts")).content.decode()
    assert "Choose a longer period or take a filter away." in text
    assert "Choose a longer period or other stores." in cast.owner.get(address(cast, "overview")).content.decode()
