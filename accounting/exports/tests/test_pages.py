"""Audit files for people and programs: who gets which, what is refused, and that the answer names its digest."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounting.exports import answers, limits
from accounting.exports.tests.books import SALE, make_books, make_entry
from accounting.exports.tests.trade import Trade
from accounting.service import SERVICE
from ledger.sealed import BlockDamagedError
from portal.keys.operations import make_key
from portal.models import Membership
from portal.rights import Role
from possys.clock import now_ms, utc
from possys.limits import Limit
from tests.cast import RetailCast, make_member, make_retail_cast
from tests.people import signed_in

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
DAYS = {"first": str(FIRST), "last": str(LAST)}
SAF_T, ZIP = "books-saf-t", "books-dsfinvk"


@pytest.fixture
def cast(db: None) -> RetailCast:
    """Everybody, and an entry at the retailer; nobody has made a file yet."""
    cache.clear()
    made = make_retail_cast()
    make_books(made.retailer)
    make_entry(made.retailer, FIRST)
    return made


def get(client: Client, cast: RetailCast, name: str, **asked: Any) -> Any:
    retailer = cast.rival_retailer if asked.pop("rival", False) else cast.retailer
    return client.get(reverse(name, args=[retailer.pk]), {**DAYS, **asked})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_the_books_go_to_whoever_keeps_them(cast: RetailCast) -> None:
    for role, client in cast.members.items():
        expected = 200 if role in {Role.OWNER, Role.ACCOUNTANT} else 403
        assert get(client, cast, SAF_T, currency="CZK").status_code == expected, role
    for name, client in cast.outsiders.items():
        assert get(client, cast, SAF_T, currency="CZK").status_code == 404, name
    assert get(cast.owner, cast, SAF_T, currency="CZK", rival=True).status_code == 404
    assert get(cast.anonymous, cast, SAF_T, currency="CZK").status_code == 302


def test_receipts_go_to_whoever_has_the_store(cast: RetailCast) -> None:
    """None of its days is closed, which only those who may know get to know."""
    high, _, oak = cast.stores
    for role, client in cast.members.items():
        expected = 403 if role is Role.VIEWER else 400
        assert get(client, cast, ZIP, store=high.pk).status_code == expected, role
    assert get(cast.store_manager, cast, ZIP, store=oak.pk).status_code == 404
    assert get(cast.owner, cast, ZIP, store=cast.rival_store.pk).status_code == 404
    for name, client in cast.outsiders.items():
        assert get(client, cast, ZIP, store=high.pk).status_code == 404, name
    assert "is closed yet" in get(cast.owner, cast, ZIP, store=high.pk).content.decode()


def test_the_page_offers_what_a_person_may_have(cast: RetailCast) -> None:
    for role, client in cast.members.items():
        response = client.get(reverse("books-audit", args=[cast.retailer.pk]))
        if role is Role.VIEWER:
            assert response.status_code == 403
            continue
        page = response.content.decode()
        keeps = role in {Role.OWNER, Role.ACCOUNTANT}
        assert (reverse(SAF_T, args=[cast.retailer.pk]) in page) is keeps
        assert reverse(ZIP, args=[cast.retailer.pk]) in page
        assert ("Oak Avenue" in page) is keeps
        # Two forms, and no id twice.
        ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
        assert len(ids) == len(set(ids))
    assert (
        "Nothing is posted yet"
        in cast.rival.get(reverse("books-audit", args=[cast.rival_retailer.pk])).content.decode()
    )


def test_an_answer_names_the_digest_of_its_bytes(cast: RetailCast) -> None:
    response = get(cast.owner, cast, SAF_T, currency="CZK")
    content = body(response)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert response["Repr-Digest"] == f"sha-256=:{digest}:"
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Disposition"].endswith('-2026-11-01-to-2026-11-30-CZK.xml"')
    assert response["Content-Type"] == "application/xml"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        (SAF_T, {}, "Currency</strong>: This field is required"),
        (SAF_T, {"currency": "XXX"}, "Currency</strong>: Select a valid choice"),
        (SAF_T, {"currency": "CZK", "first": ""}, "From</strong>: This field is required"),
        (SAF_T, {"currency": "CZK", "last": "2026-02-30"}, "To</strong>: Enter a valid date"),
        (SAF_T, {"currency": "CZK", "last": "2026-10-01"}, "before the first"),
        (SAF_T, {"currency": "CZK", "last": "2028-10-01"}, "At most 400 days"),
        (ZIP, {}, "Store</strong>: This field is required"),
        (ZIP, {"store": 0, "last": "2026-12-15"}, "31 days at most"),
        (ZIP, {"store": 0, "currency": "<b>"}, "Currency</strong>: Enter a valid value"),
    ],
)
def test_a_faulty_address_is_refused_with_what_is_wrong(
    cast: RetailCast, name: str, asked: dict[str, Any], said: str
) -> None:
    if asked.get("store") == 0:
        asked = {**asked, "store": cast.stores[0].pk}
    response = get(cast.owner, cast, name, **asked)
    assert response.status_code == 400
    assert said in response.content.decode()


def test_files_are_made_so_often_and_no_more(cast: RetailCast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "FILES_OF_MEMBER", Limit(limits.FILES_OF_MEMBER.name, 1, 3600))
    assert get(cast.owner, cast, SAF_T, currency="CZK").status_code == 200
    assert get(cast.owner, cast, SAF_T, currency="CZK").status_code == 429
    assert get(cast.accountant, cast, SAF_T, currency="CZK").status_code == 200
    response = program(cast, "corner-owner", "saf-t", currency="CZK")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_a_damaged_block_makes_no_file(cast: RetailCast, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: Any) -> None:
        raise BlockDamagedError("shard 1, block 2: is not what was sealed")

    monkeypatch.setattr("accounting.exports.making.packed", damaged)
    response = get(cast.owner, cast, ZIP, store=cast.stores[0].pk)
    assert response.status_code == 500
    assert "is not what was sealed, so no file was made" in response.content.decode()
    told = program(cast, "corner-owner", "dsfinvk", store=cast.stores[0].pk)
    assert (told.status_code, told.json()["type"]) == (500, "urn:possys:problem:damaged")


def program(cast: RetailCast, login: str, key: str, **asked: Any) -> Any:
    member = Membership.objects.get(user__username=login)
    token = make_key(member, name="auditor", now=utc(now_ms()))
    address = f"/api/v1/retailers/{asked.pop('retailer', cast.retailer.pk)}/books/{key}"
    return Client().get(address, {**DAYS, **asked}, headers={"Authorization": f"Bearer {token}"})


def test_a_program_gets_the_same_bytes_as_its_member(cast: RetailCast) -> None:
    response = program(cast, "corner-accountant", "saf-t", currency="CZK")
    assert body(response) == body(get(cast.owner, cast, SAF_T, currency="CZK"))
    assert response["Repr-Digest"].startswith("sha-256=:")
    for asked, login, status in (
        ({"currency": "CZK"}, "corner-store-manager", 403),
        ({"currency": "CZK", "retailer": cast.rival_retailer.pk}, "corner-owner", 404),
        ({}, "corner-owner", 400),
    ):
        refused = program(cast, login, "saf-t", **asked)
        assert refused.status_code == status
        assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["errors"] == [{"pointer": "/currency", "detail": "This field is required."}]
    assert Client().get(f"/api/v1/retailers/{cast.retailer.pk}/books/saf-t").status_code == 401
    nothing = program(cast, "corner-store-manager", "dsfinvk", store=cast.stores[1].pk)
    assert nothing.json()["errors"] == [{"pointer": "/first", "detail": "No day of these is closed yet."}]
    assert program(cast, "corner-store-manager", "dsfinvk", store=cast.stores[2].pk).status_code == 404


def test_openapi_has_both_files(client: Client) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]
    saf_t, dsfinvk = (paths[f"/api/v1/retailers/{{retailer}}/books/{name}"]["get"] for name in ("saf-t", "dsfinvk"))
    assert list(saf_t["responses"]["200"]["content"]) == ["application/xml"]
    assert list(dsfinvk["responses"]["200"]["content"]) == ["application/zip"]
    required = {one["name"] for one in dsfinvk["parameters"] if one.get("required")}
    assert required == {"retailer", "store", "first", "last"}


def test_a_manager_and_a_program_save_the_receipts_of_a_day(ledger: Any, flush_everything: Callable[[], Any]) -> None:
    trade = Trade(flush_everything)
    trade.sell_part()
    member = make_member(trade.store.retailer, Role.STORE_MANAGER, name="manager", stores=(trade.store,))
    asked: dict[str, Any] = {
        "store": trade.store.pk,
        "first": str(trade.day),
        "last": str(trade.day),
        "currency": "CZK",
    }
    response = signed_in(member.user).get(reverse(ZIP, args=[member.retailer_id]), asked)
    content = body(response)
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    token = make_key(member, name="auditor", now=utc(now_ms()))
    address = f"/api/v1/retailers/{member.retailer_id}/books/dsfinvk"
    assert body(Client().get(address, asked, headers={"Authorization": f"Bearer {token}"})) == content


@pytest.mark.parametrize("key", [page.key for page in SERVICE.pages if page.lists])
def test_files_of_the_books_pages_are_the_same_whenever_they_are_made(
    cast: RetailCast, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {**DAYS, "currency": "CZK", "account": "4000", "number": 1, "day": str(FIRST)}
    if key == "cash-ups":
        # Nobody has counted anything, in no currency.
        del asked["currency"]
    files = {form: _file(cast, key, form, asked) for form in ("csv", "xlsx")}
    later = timezone.now() + timedelta(days=5)
    monkeypatch.setattr(timezone, "now", lambda: later)
    make_entry(cast.retailer, LAST + timedelta(1))
    for form, before in files.items():
        assert _file(cast, key, form, asked) == before


def _file(cast: RetailCast, key: str, form: str, asked: dict[str, Any]) -> bytes:
    response: Any = cast.owner.get(reverse(f"books-{key}-file", args=[cast.retailer.pk, form]), asked)
    assert response.status_code == 200, response.content.decode()
    content: bytes = response.content
    return content


def test_another_program_reads_the_workbook_of_the_journal(cast: RetailCast) -> None:
    make_entry(cast.retailer, LAST, text="=1+1")
    book = load_workbook(io.BytesIO(_file(cast, "journal", "xlsx", {**DAYS, "currency": "CZK"})))
    sheet = book.worksheets[-1]
    titles, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    amounts = titles.index("Amount, CZK")
    assert sum(row[amounts] for row in rows) == 2 * SALE[0][1] / 100
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} <= {"s", "n", "d"}
    assert isinstance(rows[0][0] if not isinstance(rows[0][0], datetime) else rows[0][0].date(), date | int | str)
