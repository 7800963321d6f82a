"""Staff's search: what was typed leads to its page, by few queries along indexes, and to nothing that is not theirs."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from possys import search
from possys.codes import Environment
from possys.receipt_keys import links, table
from possys.search import TERM_LENGTH_MAX, Looker
from tests.factories import make_retailer, make_store, make_terminals
from tests.people import make_person, signed_in
from transactions.models import Retailer, Store, Terminal

pytestmark = pytest.mark.django_db
FIND = "/admin/find/"


@pytest.fixture
def till() -> Terminal:
    """A terminal of a retailer with a name and tax id of its own."""
    retailer = make_retailer("Greengrocers of Brno")
    Retailer.objects.filter(pk=retailer.pk).update(tax_id="CZ69900412")
    store = make_store(Retailer.objects.get(pk=retailer.pk), name="Market Square 4")
    Store.objects.filter(pk=store.pk).update(reference="B-17")
    return make_terminals(store)[0]


@pytest.fixture
def viewer() -> Client:
    return signed_in(make_person("viewer", "view_terminal", "view_retailer", "view_store", "view_entry"))


def hits(client: Client, typed: str) -> list[str]:
    answer = client.get(FIND, {"q": typed})
    assert answer.status_code == 200, answer.headers.get("Location")
    return [hit.title for hit in answer.context["found"].hits]


def goes_to(client: Client, typed: str) -> str:
    answer = client.get(FIND, {"q": typed})
    return str(answer.headers.get("Location", ""))


def test_a_code_leads_to_its_receipt_however_it_is_typed(viewer: Client) -> None:
    code = table().encode(Environment.PRODUCTION, date(2026, 11, 23), 1204, 88121)
    page = f"/admin/ledger/entry/?code={code}"
    look_alikes = code.replace("0", "o").replace("1", "l").lower()
    for typed in (code, f"  {code.lower()} ", code.replace("-", ""), code.replace("-", " "), look_alikes):
        assert goes_to(viewer, typed) == page
    assert goes_to(viewer, links().of(code)) == page
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert hits(viewer, wrong) == []


def test_numbers_and_tax_ids_lead_to_their_pages(viewer: Client, till: Terminal) -> None:
    retailer, store = till.store.retailer_id, till.store_id
    assert goes_to(viewer, str(till.number)) == f"/admin/transactions/terminal/{till.number}/change/"
    assert goes_to(viewer, f"till {till.number}") == f"/admin/transactions/terminal/{till.number}/change/"
    assert goes_to(viewer, f"Store {store}") == f"/admin/transactions/store/{store}/change/"
    for typed in ("CZ69900412", "cz69900412", "CZ 699-004-12", f"retailer {retailer}"):
        assert goes_to(viewer, typed) == f"/admin/transactions/retailer/{retailer}/change/"


def test_names_and_references_are_listed(viewer: Client, till: Terminal) -> None:
    assert hits(viewer, "greengr") == ["Greengrocers of Brno"]
    assert hits(viewer, "Market Sq") == [f"Market Square 4 (store {till.store_id})"]
    assert hits(viewer, "b-17") == [f"Market Square 4 (store {till.store_id})"]
    # Too short to begin a name with, and a sign of LIKE is only a sign.
    assert hits(viewer, "gr") == []
    assert hits(viewer, "%%%") == []


def test_nothing_is_found_that_the_person_may_not_see(till: Terminal) -> None:
    nobody = signed_in(make_person("nobody"))
    code = table().encode(Environment.PRODUCTION, date(2026, 11, 23), 1204, 88121)
    for typed in (str(till.number), "CZ69900412", "greengr", "Market", code, f"store {till.store_id}"):
        assert hits(nobody, typed) == []
    only_stores = signed_in(make_person("stores", "view_store"))
    assert hits(only_stores, "greengr") == []
    assert hits(only_stores, "Market Sq") == [f"Market Square 4 (store {till.store_id})"]
    assert Client().get(FIND, {"q": "1"})["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    ("typed", "queries"),
    [("x" * (TERM_LENGTH_MAX + 1), 0), ("", 0), ("ab", 2), ("greengr", 4), ("1204", 4), ("store 7", 3)],
)
def test_a_search_costs_few_queries(till: Terminal, typed: str, queries: int) -> None:
    """A tax id, a terminal, a retailer's name, a store's reference and name: never more than these."""
    everybody = make_person("boss", is_superuser=True)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        search.search(everybody, typed)
    assert len(asked) <= queries, [one["sql"] for one in asked]
    assert all("LIMIT" in one["sql"] or '"number" =' in one["sql"] or '"id" =' in one["sql"] for one in asked)


def test_names_are_found_along_an_index(till: Terminal) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for model in (Retailer, Store):
            plan = model.objects.filter(name__istartswith="green").order_by()[:8].explain()
            assert "_by_words" in plan, plan
        plan = Store.objects.filter(reference__iexact="b-17").order_by()[:8].explain()
        assert "store_by_reference" in plan, plan


def test_a_server_that_is_away_is_said_and_the_rest_is_found(viewer: Client, till: Terminal, monkeypatch: Any) -> None:
    def away(term: str) -> list[search.Hit]:
        raise DatabaseError

    monkeypatch.setattr(search, "_lookers", {**search._lookers, "x": Looker("archives", "ledger.view_entry", away, 5)})
    answer = viewer.get(FIND, {"q": "greengr"})
    assert "The archives cannot be searched now" in answer.content.decode()
    assert "Greengrocers of Brno" in answer.content.decode()


def test_the_palette_finds_the_same_and_pages_too(viewer: Client, till: Terminal) -> None:
    answer = viewer.get("/admin/search/", {"s": "greengr", "extended": "1"})
    assert "Greengrocers of Brno" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "Terminals" in viewer.get("/admin/search/", {"s": "terminal"}).content.decode()
    assert viewer.get("/admin/search/").content == b""
    assert "Terminals" not in signed_in(make_person("nobody")).get("/admin/search/", {"s": "terminal"}).content.decode()
