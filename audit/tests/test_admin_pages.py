"""The log's own pages: who reads them, how acts are found, what vouches for them, the file."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client

from audit.models import Act, Kind
from audit.recording import Thing, Who, record
from audit.tests.factories import ANNA, make_acts, publish
from tests.factories import make_retailer
from tests.people import Cast, make_cast, make_person, signed_in

LIST = "/admin/audit/act/"


@pytest.fixture
def reader(db: None) -> Client:
    """Who may read acts, and the log in which they are published."""
    return signed_in(make_person("reader", "view_act", "view_logentry"))


def shown(client: Client, query: str = "") -> list[int]:
    page = client.get(f"{LIST}{query}")
    assert page.status_code == 200, query
    return [act.number for act in page.context["cl"].result_list]


def file_of(client: Client, query: str = "") -> str:
    answer: Any = client.get(f"{LIST}acts.csv{query}")
    return b"".join(answer.streaming_content).decode()


def test_whoever_may_read_reads_and_nobody_changes(cast: Cast) -> None:
    make_acts(1)
    act = Act.objects.latest("number")
    page = f"{LIST}{act.number}/change/"
    assert cast.without_rights.get(LIST).status_code == 403
    assert cast.without_rights.get(f"{LIST}acts.csv").status_code == 403
    assert cast.without_rights.get(page).status_code == 403
    assert cast.viewer.get(page).status_code == 200
    for address in (f"{LIST}add/", f"{LIST}{act.number}/delete/"):
        assert cast.superuser.get(address).status_code == 403
    before = Act.objects.filter(number=act.number).values().get()
    cast.superuser.post(page, {"person": "bob"})
    assert Act.objects.filter(number=act.number).values().get() == before


def test_acts_are_found_by_person_kind_day_object_and_request(reader: Client) -> None:
    make_acts(2)
    bob = Who(8, "bob", request="request-2")
    record(Kind.SEARCHED, bob, Thing("receipts.case", "1"), said="q=x")
    first, second, third = list(
        Act.objects.exclude(kind=Kind.SIGNED_IN).order_by("number").values_list("number", flat=True)
    )
    today = Act.objects.get(number=first).at.date()
    for query, found in (
        ("?by=anna", [second, first]),
        ("?by=nobody", []),
        # Every search here is an act itself, of somebody else.
        ("?kind__exact=searched&by=bob", [third]),
        ("?of=1", [third, second]),
        ("?of=receipts.case%201", [third]),
        (f"?day={today}&by=anna", [second, first]),
        (f"?day=2020-01-01..{today}&by=bob", [third]),
        ("?day=2020-01-01", []),
        ("?day=yesterday", []),
        ("?q=bob", [third]),
        ("?q=request-2", [third]),
        (f"?q={third}", [third]),
        ("?q=%00", None),
        ("?q=99999999999999999999", []),
    ):
        numbers = shown(reader, query)
        assert found is None or numbers == found, query
    assert shown(reader)[-1] == 1


def test_the_list_takes_the_same_queries_for_few_and_for_many(
    reader: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    # Where there is another page, PostgreSQL's estimate of all of them is asked for, too.
    for count, queries in ((1, 5), (70, 6), (200, 6)):
        make_acts(count)
        with django_assert_num_queries(queries):
            reader.get(LIST)


def test_the_page_shows_fields_and_what_vouches(ledger: redis.Redis) -> None:
    client = make_cast().superuser
    record(
        Kind.CHANGED, ANNA, Thing("transactions.retailer", "7", "<b>Corner</b>"),
        fields={"name": {"before": "Corner", "after": "Corner & Sons"}}, reason="a new sign",
    )  # fmt: skip
    number = Act.objects.latest("number").number
    page = client.get(f"{LIST}{number}/change/").content.decode()
    for text in ("&lt;b&gt;Corner&lt;/b&gt;", "Corner &amp; Sons", "a new sign", "Not published yet", "192.0.2.7"):
        assert text in page, text
    publish()
    assert "Its leaf in the log" in client.get(f"{LIST}{number}/change/").content.decode()


def test_an_objects_page_leads_to_the_acts_on_it(cast: Cast) -> None:
    retailer = make_retailer()
    page = f"/admin/transactions/retailer/{retailer.pk}/change/"
    link = f"{LIST}?of=transactions.retailer%20{retailer.pk}"
    assert link in cast.superuser.get(page).content.decode()
    assert len(shown(cast.superuser, link.removeprefix(LIST))) == 1
    nobody = signed_in(make_person("clerk", "view_retailer"))
    assert LIST not in nobody.get(page).content.decode()


def test_the_file_has_what_the_list_is_narrowed_to_and_is_recorded(reader: Client) -> None:
    make_acts(60)
    record(Kind.SEARCHED, Who(8, "=bob()"), said="@x")
    text = file_of(reader, "?by=anna")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 60
    assert {row["person"] for row in rows} == {"anna"}
    last = Act.objects.latest("number")
    assert (last.kind, last.person, last.model) == (Kind.DOWNLOADED, "reader", "audit.act")
    assert "by=anna" in last.said
    everything = file_of(reader, "")
    assert "'=bob()" in everything
    assert "'@x" in everything


def test_the_list_reads_an_index_whatever_it_is_narrowed_by(reader: Client) -> None:
    make_acts(3)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for where in ("person = 'x'", "kind = 'searched'", "key = 'x'", "at > now()", "request = 'x'"):
            cursor.execute(f"EXPLAIN SELECT * FROM audit_act WHERE {where} ORDER BY number DESC LIMIT 50")
            assert "Index" in "".join(row[0] for row in cursor.fetchall()), where
