"""A declared form, sent by people, by a file and by programs: one check, every fault with its place, all or nothing."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.models import Membership
from portal.rights import Role
from portal.sheets import api
from portal.sheets.tests import tiny
from tests.cast import RetailCast
from tests.openapi import answer_schema, description, faults
from transactions.models import Store

pytestmark = pytest.mark.urls(tiny.__name__)

Call = Callable[..., Any]


def a_file(text: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("stores.csv", text.encode() if isinstance(text, str) else text, "text/csv")


def names(crew: RetailCast) -> set[str]:
    """Stores that were not there before."""
    found = Store.objects.filter(retailer=crew.retailer).values_list("name", flat=True)
    return set(found) - {store.name for store in crew.stores}


def plain(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"').split())


def pointers(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


def test_a_form_opens_to_those_with_its_right(crew: RetailCast, portal: str, call: Call) -> None:
    body = {"near": crew.stores[0].pk, "rows": [{"name": "New"}]}
    for client in crew.outsiders.values():
        assert client.get(f"{portal}open/").status_code == client.post(f"{portal}open/", {}).status_code == 404
    assert crew.anonymous.post(f"{portal}open/", {})["Location"] == f"/portal/login/?next={portal}open/"
    for role, client in crew.members.items():
        got, sent = client.get(f"{portal}open/").status_code, client.post(f"{portal}open/", {}).status_code
        assert (got, sent) == ((200, 400) if role is Role.OWNER else (403, 403))
    for who, status in (("accountant", 403), ("store-manager", 403), ("viewer", 403), ("rival", 404), ("", 401)):
        assert call(who, "open", body).status_code == status, who
    assert names(crew) == set()
    assert call("owner", "open", body).status_code == 201
    assert names(crew) == {"New"}


def test_a_form_is_saved_and_leads_to_what_was_made(crew: RetailCast, portal: str) -> None:
    sent = {
        "near": crew.stores[1].pk, "rent": "12.50", "is_loud": "on",
        "rows-0-name": "First", "rows-0-area": "1.5", "rows-0-opened": "2026-11-01",
        "rows-3-name": " ", "rows-7-name": "Last",
    }  # fmt: skip
    answer = crew.owner.post(f"{portal}open/", sent, follow=True)
    assert answer.redirect_chain[0][0].startswith(f"{portal}store/?number=")
    assert "corner-owner opened 2, for 1250, True." in plain(answer)
    assert names(crew) == {"First 15000", "Last"}


def test_an_address_fills_fields_in_and_what_does_not_fit_harms_nothing(crew: RetailCast, portal: str) -> None:
    text = plain(crew.owner.get(f"{portal}open/?near={crew.stores[1].pk}&rent=3.5"))
    assert f'<option value="{crew.stores[1].pk}" selected>' in text
    assert 'value="3.5"' in text
    for query in (
        "near=x", "near=-1", f"near={10**30}", "rows=abc", "rows=1&rows=2", "rent=1E%2B999999999", "near=%00", "a=%ff",
        "csrfmiddlewaretoken=x", "file=x", "__all__=x", "is_loud=maybe",
    ):  # fmt: skip
        assert crew.owner.get(f"{portal}open/?{query}").status_code == 200, query
    hostile = crew.owner.get(f"{portal}open/?rent=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").content.decode()
    assert "<script>alert" not in hostile


def test_everything_that_is_wrong_is_said_at_once_and_what_was_typed_stays(crew: RetailCast, portal: str) -> None:
    hostile = '"><script>alert(1)</script>'
    sent = {
        "near": crew.rival_store.pk, "rent": "-1",
        "rows-0-name": "Fine", "rows-0-area": "1.23456", "rows-1-area": "2", "rows-2-name": hostile,
    }  # fmt: skip
    answer = crew.owner.post(f"{portal}open/", sent)
    text = plain(answer)
    assert answer.status_code == 400
    assert "Nothing was saved." in text
    for fault in (
        "Select a valid choice.",
        "Ensure this value is greater than or equal to 0.",
        "<strong>Row 1, area</strong>: Ensure that there are no more than 4 decimal places.",
        "<strong>Row 2, name</strong>: This field is required.",
        "<strong>Row 3, name</strong>: Ensure this value has at most 20 characters (it has 27).",
    ):
        assert fault in text, fault
    assert 'value="1.23456"' in text
    assert "<script>alert" not in text
    assert "Lake Road" not in text
    assert names(crew) == set()


def test_a_fault_that_only_the_domain_finds_leaves_nothing_behind(crew: RetailCast, portal: str, call: Call) -> None:
    # The first row is written before the second is looked at.
    answer = crew.owner.post(
        f"{portal}open/", {"near": crew.stores[0].pk, "rows-0-name": "Good", "rows-1-name": "Nowhere"}
    )
    assert answer.status_code == 400
    text = plain(answer)
    assert "<strong>Row 2, name</strong>: Nowhere is no place." in text
    assert "Or it is near to nothing." in text
    assert names(crew) == set()
    refused = call("owner", "open", {"near": crew.stores[0].pk, "rows": [{"name": "Good"}, {"name": "Nowhere"}]})
    assert pointers(refused) == {"/rows/1/name": "Nowhere is no place.", "/near": "Or it is near to nothing."}
    assert names(crew) == set()


@pytest.mark.parametrize(
    "text",
    [
        "name,area,opened\nFirst,1.5,2026-11-01\nLast,,\n",
        "\ufeffname;area\r\nFirst;1.5\r\n;\r\nLast;\r\n",
        'Area,NAME\n1.5,First\n\n"",Last\n',
        'name,area\n"First",1.5\n"Last"',
    ],
)
def test_a_csv_file_is_read_in_place_of_the_rows(crew: RetailCast, portal: str, text: str) -> None:
    sent = {"near": crew.stores[0].pk, "rows-0-name": "Typed", "file": a_file(text)}
    assert crew.owner.post(f"{portal}open/", sent).status_code == 302
    assert names(crew) == {"First 15000", "Last"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "The column “name” is missing."),
        ("area\n1\n", "The column “name” is missing."),
        ("name,colour\nA,red\n", "There is no column “colour”."),
        ("name,area,name\nA,1,B\n", "The column “name” stands there twice."),
        ("name,area\n", "Fill in at least one row."),
        ("name,area\nA,1,2\n", "Line 2 has 3 cells for 2 columns."),
        ("name,area\nA,1\nB,x\n\nC,2\n,3\n", "<strong>Line 3, area</strong>: Enter a number."),
        ("name,area\nA,1\nB,x\n\nC,2\n,3\n", "<strong>Line 6, name</strong>: This field is required."),
        ('name,area\n"A\nB",1\nC,x\n', "<strong>Line 4, area</strong>: Enter a number."),
        ("name\n" + "A\n" * 6, "At most 5 rows can be sent at once; these are 6."),
        ("name\nNowhere\n", "<strong>Line 2, name</strong>: Nowhere is no place."),
        ("name\nČeská\n".encode("cp1250"), "The file is not in UTF-8."),
        ("name\na\0b\n", "Null characters are not allowed."),
        ("name\n" + "x" * 200_000 + "\n", "Line 2 is no CSV"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "The file is not in UTF-8."),
        ("name\n" + "A\n" * 600_000, "The file is larger than 1,024 kB."),
        ("name\n<script>alert(1)</script>\n", "<strong>Line 2, name</strong>: Ensure this value has at most 20"),
        ("<script>alert(1)</script>\nA\n", "There is no column “&lt;script&gt;alert(1)&lt;/script&gt;”."),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_stores_nothing(
    crew: RetailCast, portal: str, text: str | bytes, fault: str
) -> None:
    answer = crew.owner.post(f"{portal}open/", {"near": crew.stores[0].pk, "file": a_file(text)})
    assert answer.status_code == 400
    assert fault in plain(answer)
    assert "<script>alert" not in plain(answer)
    assert names(crew) == set()


def test_a_program_is_told_what_was_made(crew: RetailCast, call: Call) -> None:
    body = {
        "near": str(crew.stores[0].pk), "rent": "12.50", "is_loud": False,
        "rows": [{"name": "First", "area": 1.5, "opened": "2026-11-01"}, {"name": "Last", "area": None}],
    }  # fmt: skip
    answer = call("owner", "open", body)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": Store.objects.get(name="Last").pk,
        "message": "corner-owner opened 2, for 1250, False.",
    }
    assert names(crew) == {"First 15000", "Last"}
    assert call("viewer", "remark", {"text": "Hm."}).json() == {"id": None, "message": "Remarked: Hm."}


def test_numbers_are_read_as_they_were_written(crew: RetailCast, call: Call) -> None:
    # Not as the nearest binary fraction.
    body = f'{{"near": {crew.stores[0].pk}, "rent": 0.1, "rows": [{{"name": "Tenth", "area": 123456789.1234}}]}}'
    assert call("owner", "open", body.encode()).json()["message"] == "corner-owner opened 1, for 10, False."
    assert names(crew) == {"Tenth 1234567891234"}


def test_every_fault_of_a_body_has_its_pointer(crew: RetailCast, call: Call) -> None:
    assert pointers(call("owner", "open", {})) == {
        "/near": "This field is required.",
        "/rows": "Fill in at least one row.",
    }
    assert pointers(call("viewer", "remark", {})) == {"/text": "This field is required."}
    body = {
        "near": crew.rival_store.pk, "rent": "-1",
        "rows": [{"name": "Fine", "area": "1.23456"}, {"area": 2}, {"name": "x" * 21, "opened": "soon"}, {}],
    }  # fmt: skip
    found = pointers(call("owner", "open", body))
    assert set(found) == {
        "/near", "/rent", "/rows/0/area", "/rows/1/name", "/rows/2/name", "/rows/2/opened", "/rows/3/name",
    }  # fmt: skip
    assert names(crew) == set()


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"near": {"a": 1}}, "/near"),
        ({"near": [1]}, "/near"),
        ({"near": 1.5}, "/near"),
        ({"near": True}, "/near"),
        ({"near": None}, "/near"),
        ({"near": "1 OR 1=1"}, "/near"),
        ({"near": 10**40}, "/near"),
        ({"rent": "NaN"}, "/rent"),
        ({"rent": "Infinity"}, "/rent"),
        ({"rent": 1e300}, "/rent"),
        ({"rent": "12,50"}, "/rent"),
        ({"is_loud": [True]}, "/is_loud"),
        ({"rows": None}, "/rows"),
        ({"rows": "abc"}, "/rows"),
        ({"rows": {"0": {"name": "x"}}}, "/rows"),
        ({"rows": ["abc"]}, "/rows"),
        ({"rows": [{"name": "x"}, None]}, "/rows"),
        ({"rows": [{"name": "A"}] * 6}, "/rows"),
        ({"rows": [{"name": ["x"]}]}, "/rows/0/name"),
        ({"rows": [{"name": "a\0b"}]}, "/rows/0/name"),
        ({"rows": [{"name": "A", "area": True}]}, "/rows/0/area"),
        ({"rows": [{"name": "A", "colour": "red"}]}, "/rows/0/colour"),
        ({"colour": "red"}, "/colour"),
        ({"a/b~c.d": "red"}, "/a~1b~0c.d"),
        ({"file": "x"}, "/file"),
        ({"__all__": "x"}, "/__all__"),
    ],
)
def test_whatever_is_in_a_body_is_refused_where_it_stands(
    crew: RetailCast, call: Call, changed: dict[str, Any], pointer: str
) -> None:
    refused = call("owner", "open", {"near": crew.stores[0].pk, "rows": [{"name": "Good"}], **changed})
    assert set(pointers(refused)) == {pointer}
    assert names(crew) == set()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b" ", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 50_000, 400),
        (b'{"near": ' + b"9" * 5000 + b"}", 400),
        (b'{"near": 1, "near": 2, "rows": []}', 400),
        (b'{"rows": [{"name": "A", "name": "B"}]}', 400),
        (b'{"rent": 1E999999999}', 422),
        (b'{"rent": 1E-999999999}', 422),
        (b'{"rent": NaN}', 400),
        (b'{"text": "' + b"x" * 1_100_000 + b'"}', 413),
        (b'{"text": "' + b"x" * 4_000_000 + b'"}', 413),
    ],
)
def test_what_is_no_body_is_refused_as_a_problem(crew: RetailCast, call: Call, body: bytes, status: int) -> None:
    refused = call("owner", "open", body)
    assert refused.status_code == status
    assert refused["Content-Type"] == "application/problem+json"
    assert len(refused.content) < 3000


def test_a_number_with_a_huge_exponent_is_not_written_out() -> None:
    form = tiny.SERVICE.form("open")
    assert form is not None
    # Written out, a hundred of these bytes would fill a server's memory.
    fields, _, _ = api._sent(form, {"rent": Decimal("1E+9999")})
    assert fields == {"rent": "1E+9999"}


def test_forms_of_a_browser_are_no_bodies(crew: RetailCast, keys: dict[str, str]) -> None:
    url = f"/api/v1/retailers/{crew.retailer.pk}/tiny/remark"
    headers = {"Authorization": f"Bearer {keys['owner']}"}
    sent = Client().post(url, {"text": "Hm."}, headers=headers)
    assert sent.status_code == 415
    assert sent["Content-Type"] == "application/problem+json"
    # Nor does a browser's session open the API.
    assert crew.owner.post(url, json.dumps({"text": "Hm."}), content_type="application/json").status_code == 401


def test_a_form_of_another_site_is_refused(crew: RetailCast, portal: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Membership.objects.get(user__username="corner-owner").user)
    assert client.post(f"{portal}remark/", {"text": "Hm."}).status_code == 403


def test_who_may_not_see_where_a_form_leads_still_arrives_somewhere(crew: RetailCast, portal: str) -> None:
    # The viewer may remark, but not see the takings that the form belongs to.
    shown = crew.viewer.get(f"{portal}remark/").content.decode()
    assert 'href=""' not in shown
    answer = crew.viewer.post(f"{portal}remark/", {"text": "Hm."}, follow=True)
    assert answer.status_code == 200
    assert "Remarked: Hm." in plain(answer)


def test_bodies_and_answers_are_as_the_description_says(crew: RetailCast, call: Call) -> None:
    document = description(tiny.__name__)
    path = "/api/v1/retailers/{retailer}/tiny/open"
    said = document["paths"][path]["post"]
    assert said["security"] == [{"RetailerKey": []}]
    assert set(said["responses"]) == {"201", "400", "401", "403", "404", "411", "413", "415", "422", "429"}
    body = {
        "near": crew.stores[0].pk,
        "rent": "1.50",
        "is_loud": True,
        "rows": [{"name": "A", "area": "1", "opened": None}],
    }
    (media,) = said["requestBody"]["content"].values()
    assert faults(body, media["schema"], document) == []
    assert faults({**body, "near": None}, media["schema"], document) != []
    assert faults(call("owner", "open", body).json(), answer_schema(document, path, "post", 201), document) == []
    refused = call("owner", "open", {})
    assert faults(refused.json(), answer_schema(document, path, "post", 422), document) == []
