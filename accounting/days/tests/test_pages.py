"""The pages of fiscal days: figures and findings as they are, only of stores in the scope, in few queries."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.books.models import JournalEntry
from accounting.days.due import close_due
from accounting.days.models import StoreClose, TerminalClose, TillTotals
from accounting.days.tests.trade import Shop
from ledger.feeding.models import Cursor
from portal.keys.operations import make_key
from portal.models import Membership
from tests.cast import RetailCast, make_retail_cast
from tests.factories import make_line
from transactions.models import Store, Terminal

pytestmark = pytest.mark.django_db
PAGES = ("days", "day", "gaps")
# The pages' default time ends today.
TODAY = datetime.now(UTC).date()
DAY = TODAY - timedelta(days=3)
MIDNIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
NOW = MIDNIGHT - timedelta(hours=1)
# Session, user, membership and stores, and of the address its currencies.
FRAME = 6


@pytest.fixture
def cast() -> RetailCast:
    return make_retail_cast()


@pytest.fixture
def shops(cast: RetailCast) -> list[Shop]:
    """Each of the three stores and the rival's with a day of two tills, closed; a number is missing at the first."""
    made = []
    for place, store in enumerate((*cast.stores, cast.rival_store)):
        Store.objects.filter(pk=store.pk).update(shard=place)
        store.refresh_from_db()
        shop = Shop(store, [64 * (place + 1) * 10 + 64 * till + place for till in (0, 1)])
        Terminal.objects.bulk_create(Terminal(number=number, store=store) for number in shop.terminals)
        made.append(shop)
    first = made[0]
    first.sequences[first.terminals[0]] = 6
    first.feed([first.sale(DAY, sequence=5), first.sale(DAY, sequence=7), first.sale(DAY, till=1)], NOW)
    for shop in made[1:]:
        shop.feed([shop.sale(DAY), shop.sale(DAY, till=1, lines=[make_line(amount=999, unit_price=None)])], NOW)
    Cursor.objects.update(complete_to=NOW)
    assert close_due(NOW) == 4
    return made


def address(cast: RetailCast, page: str, **asked: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return reverse(f"books-{page}", args=[cast.retailer.pk]) + (f"?{query}" if query else "")


def day_of(shop: Shop) -> dict[str, Any]:
    return {"store": shop.store.pk, "day": DAY}


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def lists_of(cast: RetailCast, page: str, **asked: Any) -> dict[str, Any]:
    """The page as a program of the owner's gets it."""
    owner = Membership.objects.get(retailer=cast.retailer, role="owner")
    token = make_key(owner, name="books", now=datetime.now(UTC))
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    path = reverse(f"books-{page}-api", args=[cast.retailer.pk]) + f"?{query}"
    response = Client().get(path, HTTP_AUTHORIZATION=f"Bearer {token}")
    assert response.status_code == 200, response.content
    return {key: one["rows"] for key, one in response.json()["lists"].items()}


def test_only_who_may_see_the_books_sees_days_and_outsiders_see_nothing(cast: RetailCast, shops: list[Shop]) -> None:
    for page in PAGES:
        asked = day_of(shops[0]) if page == "day" else {}
        path = address(cast, page, **asked)
        for one in (cast.owner, cast.accountant, cast.store_manager):
            assert one.get(path).status_code == 200
        assert cast.viewer.get(path).status_code == 403
        for outsider in cast.outsiders.values():
            assert outsider.get(path).status_code == 404
        assert cast.anonymous.get(path).status_code == 302


def test_a_store_manager_sees_days_of_their_stores_alone(cast: RetailCast, shops: list[Shop]) -> None:
    shown = text_of(cast.store_manager, address(cast, "days"))
    assert "High Street" in shown
    assert "Mill Lane" in shown
    assert "Oak Avenue" not in shown
    for page in PAGES:
        for other in (shops[2], shops[3]):
            path = address(cast, page, **{**(day_of(other) if page == "day" else {}), "store": other.store.pk})
            assert cast.store_manager.get(path).status_code == 404
    assert cast.owner.get(address(cast, "day", **day_of(shops[3]))).status_code == 404


def test_the_list_has_the_days_figures_and_findings(cast: RetailCast, shops: list[Shop]) -> None:
    rows = lists_of(cast, "days")["days"]
    assert [row["store"] for row in rows] == ["High Street", "Mill Lane", "Oak Avenue"]
    assert {name: value for name, value in rows[0].items() if name not in {"entries", "link"}} == {
        "day": str(DAY), "store": "High Street", "total": "153.00", "sales": 3, "refunds": 0, "refunded": "0.00",
        "voids": 0, "voided": "0.00", "terminals": 2, "missing": 1, "differing": 0, "supplements": 0,
    }  # fmt: skip
    assert rows[0]["link"].startswith("day?store=")
    numbers = JournalEntry.objects.filter(close__store=shops[0].store).values_list("number", flat=True)
    assert rows[0]["entries"] == ", ".join(map(str, numbers))
    assert (rows[1]["total"], rows[1]["missing"]) == ("60.99", 0)
    assert [row["store"] for row in lists_of(cast, "days", only="on")["days"]] == ["High Street"]
    assert lists_of(cast, "days", last=DAY - timedelta(days=1))["days"] == []


def test_a_late_sale_fills_its_gap_and_makes_a_supplement(cast: RetailCast, shops: list[Shop]) -> None:
    assert [row["left"] for row in lists_of(cast, "gaps")["gaps"]] == ["6"]
    shops[0].feed([shops[0].sale(DAY, sequence=6)], NOW + timedelta(minutes=5))
    # Not closed yet, but it has come.
    assert lists_of(cast, "days", only="on")["days"] == []
    assert close_due(NOW + timedelta(minutes=5)) == 1
    row = lists_of(cast, "days")["days"][0]
    assert (row["total"], row["sales"], row["missing"], row["supplements"]) == ("204.00", 4, 0, 1)
    assert [(row["missing"], row["state"]) for row in lists_of(cast, "gaps")["gaps"]] == [(0, "Came later")]
    assert lists_of(cast, "gaps", only="on")["gaps"] == []
    parts = lists_of(cast, "day", **day_of(shops[0]))["parts"]
    assert [(row["part"], row["records"], row["total"], row["missing"], row["filled"]) for row in parts] == [
        ("Close", 3, "153.00", 1, 0), ("Supplement 1", 1, "51.00", 0, 1),
    ]  # fmt: skip


def test_a_day_shows_its_tills_taxes_payments_and_hashes(cast: RetailCast, shops: list[Shop]) -> None:
    found = lists_of(cast, "day", **day_of(shops[0]))
    terminals = [str(number) for number in shops[0].terminals]
    assert [(row["terminal"], row["total"], row["first"], row["last"]) for row in found["terminals"]] == [
        (terminals[0], "102.00", "5", "7"), (terminals[1], "51.00", "1", "1"),
    ]  # fmt: skip
    assert [(row["code"], row["rate"], row["net"], row["tax"]) for row in found["taxes"]] == [
        ("A", "12.00 %", "136.62", "16.38")
    ]
    assert [(row["method"], row["payments"], row["amount"]) for row in found["payments"]] == [("Cash", 3, "153.00")]
    assert [(row["terminal"], row["numbers"], row["left"]) for row in found["missing"]] == [(terminals[0], "6", "6")]
    hashes = TerminalClose.objects.filter(close__store=shops[0].store).order_by("terminal")
    assert [row["hash"] for row in found["reports"]] == [one.hash for one in hashes]
    assert found["till-amounts"] == []


def tell(shop: Shop, *, at: int, total: int, payments: dict[str, int], sales: int = 2) -> None:
    TillTotals.objects.create(
        terminal=shop.terminals[0], day=DAY, currency="CZK", sales=sales, refunds=0, voids=0, total=total,
        payments=payments, digest=f"{at:064}", sent_at=NOW + timedelta(minutes=at),
    )  # fmt: skip


def test_a_till_that_counted_otherwise_is_a_finding_until_it_says_better(cast: RetailCast, shops: list[Shop]) -> None:
    tell(shops[1], at=1, sales=1, total=5100, payments={"cash": 5100})
    assert [row["store"] for row in lists_of(cast, "days", only="on")["days"]] == ["High Street"]
    tell(shops[1], at=2, total=5200, payments={"card": 5200})
    rows = lists_of(cast, "days", only="on")["days"]
    assert [(row["store"], row["differing"]) for row in rows] == [("High Street", 0), ("Mill Lane", 4)]
    found = lists_of(cast, "day", **day_of(shops[1]))
    assert [(row["figure"], row["till"], row["server"], row["difference"]) for row in found["till-amounts"]] == [
        ("Total", "52.00", "51.00", "1.00"), ("Paid: card", "52.00", "0.00", "52.00"),
        ("Paid: cash", "0.00", "51.00", "-51.00"),
    ]  # fmt: skip
    assert [row["difference"] for row in found["till-counts"]] == [1, 0, 0]


def test_a_day_that_goes_on_shows_what_has_come(cast: RetailCast, shops: list[Shop]) -> None:
    shops[0].feed([shops[0].sale(TODAY)], NOW + timedelta(minutes=1))
    path = address(cast, "day", store=shops[0].store.pk, day=TODAY)
    shown = text_of(cast.owner, path)
    assert "not closed yet" in shown
    assert "51.00" in shown
    assert "Nothing was sold" in text_of(
        cast.owner, address(cast, "day", store=shops[0].store.pk, day=date(2026, 1, 1))
    )
    shops[0].feed([shops[0].sale(DAY)], NOW + timedelta(minutes=2))
    assert "next supplement" in text_of(cast.owner, address(cast, "day", **day_of(shops[0])))


def test_a_list_is_split_at_days_and_goes_on_where_it_ended(cast: RetailCast, shops: list[Shop]) -> None:
    from accounting.days.findings import days_with_findings
    from accounting.days.queries import Wanted

    whole = Wanted([shop.store.pk for shop in shops[:3]], DAY, TODAY)
    first = days_with_findings(whole, limit=2)
    rest = days_with_findings(whole, limit=2, after=first[-1].place)
    assert [one.place.store for one in (*first, *rest)] == sorted(whole.stores)
    assert cast.owner.get(address(cast, "days", after=f"{DAY}_{first[-1].place.store}")).status_code == 200
    assert cast.owner.get(address(cast, "days", after="x")).status_code == 400


def test_pages_take_as_many_queries_with_many_days(cast: RetailCast, shops: list[Shop]) -> None:
    def queries() -> dict[str, int]:
        found = {}
        for page in PAGES:
            asked = day_of(shops[0]) if page == "day" else {}
            with CaptureQueriesContext(connection) as seen:
                text_of(cast.owner, address(cast, page, **asked))
            found[page] = len(seen) - FRAME
        return found

    tell(shops[0], at=1, total=1, payments={})
    # The first page notes in the session where somebody is.
    queries()
    few = queries()
    for shop in shops[:3]:
        days = [DAY - timedelta(days=place) for place in range(8, 1, -1)]
        shop.feed([shop.sale(day, sequence=20 + 2 * place) for place, day in enumerate(days)], NOW)
        shop.complete(NOW)
    assert close_due(NOW) == 21
    tell(shops[1], at=1, total=1, payments={})
    assert StoreClose.objects.filter(missing__gt=0).count() > 15
    assert queries() == few
    assert few == {"days": 11, "day": 9, "gaps": 5}


def test_days_and_gaps_can_be_had_as_files(cast: RetailCast, shops: list[Shop]) -> None:
    for page in PAGES:
        asked = f"?store={shops[0].store.pk}&day={DAY}" if page == "day" else ""
        path = reverse(f"books-{page}-file", args=[cast.retailer.pk, "csv"]) + asked
        body = cast.accountant.get(path).content.decode()
        assert "High Street" in body
        again = cast.accountant.get(path).content.decode()
        assert again == body


def test_before_the_first_close_the_page_says_what_happens(cast: RetailCast) -> None:
    shown = text_of(cast.owner, address(cast, "days"))
    assert "The server closes each day" in shown
    assert "Settings of the books" in shown
