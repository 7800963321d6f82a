"""A declared page, whichever way it is asked for: the same rights, the same stores, the same values."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.rights import Role
from portal.sheets.tests import tiny
from tests.cast import RetailCast
from tests.openapi import answer_schema, description, faults
from transactions.models import Store

pytestmark = pytest.mark.urls(tiny.__name__)

Call = Callable[..., Any]
HOSTILE = '=cmd|"/c"!A1<script>alert(1)</script>'
FORMS = ("takings/", "takings.csv", "takings.xlsx")


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def texts_of(content: bytes) -> str:
    """Everything that a workbook holds, as the XML that it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_a_page_opens_to_those_with_its_right_in_every_form(crew: RetailCast, portal: str, call: Call) -> None:
    for form in FORMS:
        for client in crew.outsiders.values():
            assert client.get(portal + form).status_code == 404
        assert crew.anonymous.get(portal + form)["Location"] == f"/portal/login/?next={portal}{form}"
        seen = {role: client.get(portal + form).status_code for role, client in crew.members.items()}
        assert seen == {Role.OWNER: 200, Role.ACCOUNTANT: 200, Role.STORE_MANAGER: 200, Role.VIEWER: 403}
    answers = {who: call(who, "takings") for who in ("owner", "accountant", "store-manager", "viewer", "rival", "")}
    assert [answer.status_code for answer in answers.values()] == [200, 200, 200, 403, 404, 401]
    for refused in list(answers.values())[3:]:
        assert refused["Content-Type"] == "application/problem+json"


def test_a_page_to_look_at_may_be_no_file_and_nothing_for_programs(crew: RetailCast, portal: str, call: Call) -> None:
    number = f"?number={crew.stores[0].pk}"
    assert crew.viewer.get(f"{portal}store/{number}").status_code == 200
    assert ".csv" not in crew.viewer.get(f"{portal}store/{number}").content.decode()
    assert ".csv" in crew.owner.get(f"{portal}store/{number}").content.decode()
    for form in ("csv", "xlsx"):
        assert crew.viewer.get(f"{portal}store.{form}{number}").status_code == 403
        assert crew.owner.get(f"{portal}store.{form}{number}").status_code == 200
    assert call("viewer", f"store{number}").status_code == 403
    assert call("owner", f"store{number}").json()["title"] == "High Street"


def test_a_store_manager_gets_own_stores_only_and_others_are_not_there(
    crew: RetailCast, portal: str, call: Call
) -> None:
    oak = crew.stores[2].pk
    texts = [
        crew.store_manager.get(f"{portal}takings/").content.decode(),
        crew.store_manager.get(f"{portal}takings.csv").content.decode(),
        texts_of(crew.store_manager.get(f"{portal}takings.xlsx").content),
        call("store-manager", "takings").content.decode(),
    ]
    for text in texts:
        assert "High Street" in text
        assert "Oak Avenue" not in text
    for form in FORMS:
        assert crew.store_manager.get(f"{portal}{form}?store={oak}").status_code == 404
        assert crew.owner.get(f"{portal}{form}?store={crew.rival_store.pk}").status_code == 404
    assert call("store-manager", f"takings?store={oak}").status_code == 404
    assert call("store-manager", f"store?number={oak}").status_code == 404
    assert call("owner", f"takings?store={crew.rival_store.pk}").status_code == 404
    assert crew.store_manager.get(f"{portal}store/?number={oak}").status_code == 404


def test_every_form_has_the_same_values_in_its_own_units(crew: RetailCast, portal: str, call: Call) -> None:
    query = f"?store={crew.stores[0].pk}&first=2026-11-01&last=2026-11-02&busy=on"
    number = crew.stores[0].pk
    page = " ".join(crew.owner.get(f"{portal}takings/{query}").content.decode().split())
    for shown in ("12,345.50", "1.5", "12.5%", "Sun 1 Nov 2026", 'value="2026-11-01"', "CZK 1.23"):
        assert shown in page, shown
    lines = rows_of(crew.owner.get(f"{portal}takings.csv{query}").content)
    for line in (["From", "2026-11-01"], ["Store", "High Street"], ["Only busy ones", "yes"]):
        assert line in lines
    row = next(line for line in lines if line[:2] == ["High Street", "12345.50"])
    assert [row[2], row[3], row[4], row[6]] == ["1.5", "12.50", "2026-11-01", str(number)]
    said = call("owner", f"takings{query}").json()
    (taken,) = said["lists"]["takings"]["rows"]
    at, link = taken.pop("at"), taken.pop("link")
    assert call("owner", link).json()["title"] == "High Street"
    assert taken == {
        "store": "High Street", "taken": "12345.50", "sold": "1.5", "share": "12.50", "day": "2026-11-01",
        "count": number,
    }  # fmt: skip
    assert datetime.fromisoformat(at).tzinfo is not None
    assert said["lists"]["takings"]["currency"] == "CZK"
    assert said["lists"]["names"]["rows"] == [{"name": "High Street"}]
    assert said["figures"] == [{"key": "total", "title": "Total", "value": "1.23", "before": "1.00", "currency": "CZK"}]


def test_a_long_list_goes_on_where_it_ended(
    crew: RetailCast, portal: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.sheets.views.PAGE_ROWS", 2)
    monkeypatch.setattr("portal.sheets.api.ROWS_MAX", 2)
    first, second, third = crew.stores
    begun = crew.owner.get(f"{portal}takings/?busy=on").content.decode()
    assert f'href="?busy=on&amp;after={second.pk}" rel="next"' in begun
    assert "First page" not in begun
    assert third.name not in begun.split("<main")[1].split('class="tables"')[1]
    rest = crew.owner.get(f"{portal}takings/?busy=on&after={second.pk}").content.decode()
    assert 'href="?busy=on">First page' in rest
    assert 'rel="next"' not in rest
    assert "takings.csv?busy=on&" not in rest
    # A file has all of it.
    assert third.name in crew.owner.get(f"{portal}takings.csv").content.decode()
    names, after = [], ""
    while True:
        said = call("owner", f"takings?after={after}").json()
        names.append([row["name"] for row in said["lists"]["names"]["rows"]])
        after = said["next"]
        if not after:
            break
    assert names == [[first.name, second.name], [third.name]]


def test_a_file_that_was_cut_says_so(crew: RetailCast, portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.sheets.views.ROWS_MAX", 2)
    content = crew.owner.get(f"{portal}takings.csv").content
    assert ["Note", "Only the first 2 rows. Ask for less for the rest."] in rows_of(content)


@pytest.mark.parametrize(
    ("query", "name", "fault"),
    [
        ("first=soon", "first", "Enter a valid date."),
        ("first=2026-02-30", "first", "Enter a valid date."),
        ("first=2026-11-02&last=2026-11-01", "last", "The last day lies before the first."),
        ("first=2024-01-01&last=2026-11-01", "last", "At most 400 days can be shown at once; these are 1036."),
        ("first=1999-01-01&last=1999-01-02", "first", "Days from 2020-01-01 on can be shown."),
        ("sort=colour", "sort", "Select a valid choice."),
        (f"after={'9' * 201}", "after", "at most 200 characters"),
        ("after=%00", "after", "Null characters are not allowed."),
    ],
)
def test_a_wrong_address_is_said_and_shows_nothing(
    crew: RetailCast, portal: str, call: Call, query: str, name: str, fault: str
) -> None:
    for form in FORMS:
        answer = crew.owner.get(f"{portal}{form}?{query}")
        assert answer.status_code == 400
        assert fault in answer.content.decode().replace("&#x27;", "'")
        assert "12,345.50" not in answer.content.decode()
    refused = call("owner", f"takings?{query}")
    assert refused.status_code == 400
    (said,) = refused.json()["errors"]
    assert said["parameter"] == name
    assert fault in said["detail"]


def test_an_unknown_parameter_is_named_to_programs(crew: RetailCast, call: Call) -> None:
    # A program that misspells a filter would take the whole list for the filtered one.
    refused = call("owner", "takings?frist=2026-11-01")
    assert refused.status_code == 400
    assert [one["parameter"] for one in refused.json()["errors"]] == ["frist"]


def test_what_others_typed_is_never_markup_nor_a_formula(crew: RetailCast, portal: str, call: Call) -> None:
    Store.objects.filter(pk=crew.stores[0].pk).update(name=HOSTILE)
    page = crew.owner.get(f"{portal}takings/?store={crew.stores[0].pk}")
    text = page.content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "A note &lt;b&gt;with" in text
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    content = crew.owner.get(f"{portal}takings.csv").content
    cells = [cell for line in rows_of(content) for cell in line if "script" in cell]
    assert len(cells) == 2
    assert all(cell.startswith("'=") for cell in cells)
    book = texts_of(crew.owner.get(f"{portal}takings.xlsx").content)
    assert "<f>" not in book
    assert "&lt;script&gt;" in book
    assert call("owner", "takings").json()["lists"]["names"]["rows"][0]["name"] == HOSTILE


def test_where_nothing_is_the_page_says_what_to_do_first_to_those_who_may(crew: RetailCast, portal: str) -> None:
    Store.objects.filter(retailer=crew.retailer).delete()
    for client, may in ((crew.owner, True), (crew.accountant, False)):
        text = client.get(f"{portal}takings/").content.decode()
        assert "Open a store first." in text
        # In the hint, and above the page.
        assert text.count(f'href="{portal}open/"') == (2 if may else 0)
    content = crew.owner.get(f"{portal}takings.csv").content.decode()
    assert "Nothing" in content


def test_a_row_leads_to_the_page_behind_it_and_its_tab_stays(crew: RetailCast, portal: str) -> None:
    url = f"{portal}store/?number={crew.stores[0].pk}"
    assert f'<a href="{url}">High Street</a>' in crew.owner.get(f"{portal}takings/").content.decode()
    text = crew.owner.get(url).content.decode()
    assert f'<a href="{portal}takings/" aria-current="page">Takings</a>' in text
    assert f'href="{portal}store/"' not in text
    assert "<h1>High Street</h1>" in " ".join(text.split())
    # The service's own address shows its first page.
    assert "12,345.50" in crew.owner.get(portal).content.decode()


def test_pages_are_only_read(crew: RetailCast, portal: str, call: Call) -> None:
    for form in FORMS:
        assert crew.owner.post(portal + form).status_code == 405
        assert crew.owner.head(portal + form).status_code == 200
    assert call("owner", "takings", {}).status_code == 405
    assert call("owner", "nothing").status_code == 404
    assert call("owner", "nothing")["Content-Type"] == "application/problem+json"


def test_a_period_is_four_weeks_by_default(crew: RetailCast, call: Call) -> None:
    first = timezone.localtime().date() - timedelta(27)
    assert call("owner", "takings").json()["lists"]["takings"]["rows"][0]["day"] == first.isoformat()


def test_an_answer_costs_the_key_the_scope_and_the_page(
    crew: RetailCast, call: Call, django_assert_num_queries: Any
) -> None:
    call("owner", "takings")
    with django_assert_num_queries(4):
        call("owner", "takings")


def test_answers_are_as_the_description_says(crew: RetailCast, call: Call) -> None:
    document = description(tiny.__name__)
    for key in ("takings", f"store?number={crew.stores[0].pk}"):
        path = f"/api/v1/retailers/{{retailer}}/tiny/{key.partition('?')[0]}"
        said = document["paths"][path]["get"]
        assert said["security"] == [{"RetailerKey": []}]
        assert set(said["responses"]) == {"200", "400", "401", "403", "404", "429"}
        assert faults(call("owner", key).json(), answer_schema(document, path, "get", 200), document) == []
    asked = {
        one["name"]: one for one in document["paths"]["/api/v1/retailers/{retailer}/tiny/takings"]["get"]["parameters"]
    }
    assert set(asked) == {"retailer", "after", "first", "last", "store", "busy", "sort"}
    assert asked["first"]["schema"]["format"] == "date"
    assert asked["sort"]["schema"]["enum"] == ["number"]
    assert not asked["first"].get("required", False)
