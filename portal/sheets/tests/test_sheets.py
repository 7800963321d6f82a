"""A declared service: the same as a page, as files and for programs; forms that say everything that is wrong."""

import json
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.keys.operations import make_key
from portal.models import Membership
from portal.sheets.tests.example import SAVED
from tests.cast import RetailCast, make_retail_cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("portal.sheets.tests.urls")]


@pytest.fixture
def cast() -> RetailCast:
    SAVED.clear()
    return make_retail_cast()


def at(cast: RetailCast, rest: str) -> str:
    return f"/portal/{cast.retailer.pk}/example/{rest}"


def test_a_page_shows_its_lists_and_goes_on(cast: RetailCast) -> None:
    page = cast.owner.get(at(cast, "fruit/")).content.decode()
    assert "fruit 199" in page
    assert "fruit 200" not in page
    assert "−12.34" in page
    assert 'href="?after=200"' in page
    assert "fruit 400" in cast.owner.get(at(cast, "fruit/?after=400")).content.decode()


def test_the_first_page_is_the_services_address(cast: RetailCast) -> None:
    assert cast.owner.get(at(cast, "")).status_code == 200


def test_a_faulty_address_is_said_and_nothing_shown(cast: RetailCast) -> None:
    response = cast.owner.get(at(cast, "fruit/?first=2026-11-02&last=2026-11-01"))
    assert response.status_code == 400
    assert "The last day lies before the first." in response.content.decode()
    assert cast.owner.get(at(cast, "fruit.csv?first=x")).status_code == 400


def test_another_s_store_is_not_there(cast: RetailCast) -> None:
    assert cast.owner.get(at(cast, f"fruit/?store={cast.rival_store.pk}")).status_code == 404
    assert cast.store_manager.get(at(cast, f"fruit/?store={cast.stores[2].pk}")).status_code == 404


def test_files_hold_all_rows_and_are_the_same_again(cast: RetailCast) -> None:
    for form in ("csv", "xlsx"):
        first, again = (cast.owner.get(at(cast, f"fruit.{form}")).content for _ in range(2))
        assert first == again
    text = cast.owner.get(at(cast, "fruit.csv")).content.decode("utf-8-sig")
    assert "fruit 499,2026-11-01,-12.34,2.5" in text


def test_outsiders_learn_nothing(cast: RetailCast) -> None:
    for rest in ("", "fruit/", "fruit.csv", "take/"):
        for outsider in cast.outsiders.values():
            assert outsider.get(at(cast, rest)).status_code == 404
        assert cast.anonymous.get(at(cast, rest)).status_code == 302
    assert cast.viewer.get(at(cast, "take/")).status_code == 403


def take(client: Client, cast: RetailCast, **fields: object) -> tuple[int, str]:
    response = client.post(at(cast, "take/"), {"store": cast.stores[0].pk, **fields})
    return response.status_code, response.content.decode()


def test_rows_of_a_page_are_saved_without_the_empty_ones(cast: RetailCast) -> None:
    status, _ = take(
        cast.owner, cast,
        **{"rows-0-product": "", "rows-0-quantity": "", "rows-3-product": "apple", "rows-3-quantity": "2.5"},
    )  # fmt: skip
    assert status == 302
    assert SAVED[0]["rows"] == [{"product": "apple", "quantity": 25_000}]


def test_everything_that_is_wrong_is_said_by_row(cast: RetailCast) -> None:
    status, page = take(
        cast.owner, cast, note="x" * 21,
        **{"rows-0-product": "apple", "rows-0-quantity": "-1", "rows-1-quantity": "1"},
    )  # fmt: skip
    assert status == 400
    assert "<strong>Row 1, quantity</strong>" in page
    assert "<strong>Row 2, product</strong>" in page
    assert "at most 20 characters" in page
    assert SAVED == []


def test_a_csv_file_names_line_and_column(cast: RetailCast) -> None:
    file = SimpleUploadedFile("take.csv", b"\xef\xbb\xbfproduct;quantity\r\napple;1.5\r\n\r\nstone;x\r\n")
    status, page = take(cast.owner, cast, file=file)
    assert status == 400
    assert "<strong>Line 4, quantity</strong>" in page
    assert SAVED == []
    file = SimpleUploadedFile("take.csv", b"product,quantity\r\napple,1.5\r\npear,2\r\n")
    assert take(cast.owner, cast, file=file)[0] == 302
    assert [row["quantity"] for row in SAVED[0]["rows"]] == [15_000, 20_000]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"product,colour\r\n", "There is no column “colour”."),
        (b"quantity\r\n1\r\n", "The column “product” is missing."),
        (b"product,quantity\r\n\xff,1\r\n", "not in UTF-8"),
        (b"product,quantity\r\napple,1,2\r\n", "Line 2 has 3 cells for 2 columns."),
        (b"product,quantity\r\n", "Fill in at least one row."),
        (b"product,quantity\r\n" + b"a,1\r\n" * 101, "At most 100 rows"),
    ],
)
def test_a_file_that_is_none_is_said(cast: RetailCast, content: bytes, said: str) -> None:
    status, page = take(cast.owner, cast, file=SimpleUploadedFile("take.csv", content))
    assert status == 400
    assert said in page


def key(cast: RetailCast, name: str) -> dict[str, str]:
    membership = Membership.objects.get(user__username=name)
    return {"Authorization": f"Bearer {make_key(membership, name='nightly', now=datetime.now(UTC))}"}


def test_programs_get_the_same_lists(cast: RetailCast) -> None:
    url = f"/api/v1/retailers/{cast.retailer.pk}/example/fruit"
    found = cast.anonymous.get(url, headers=key(cast, "corner-owner")).json()
    assert found["lists"]["fruit"]["rows"][1] == {
        "name": "fruit 1", "day": "2026-11-01", "amount": "-12.34", "quantity": "2.5",
    }  # fmt: skip
    assert found["lists"]["fruit"]["currency"] == "CZK"
    assert found["next"] == ""
    assert cast.anonymous.get(url).status_code == 401
    assert cast.anonymous.get(url, headers=key(cast, "rival")).status_code == 404


def test_programs_fill_forms_in(cast: RetailCast) -> None:
    url = f"/api/v1/retailers/{cast.retailer.pk}/example/take"
    good = {"store": cast.stores[0].pk, "rows": [{"product": "apple", "quantity": "2.5"}]}

    def send(body: object, name: str = "corner-owner") -> tuple[int, dict[str, object]]:
        response = cast.anonymous.post(url, json.dumps(body), content_type="application/json", headers=key(cast, name))
        return response.status_code, response.json()

    assert send(good) == (201, {"id": 1, "message": "Taken in."})
    status, said = send({"colour": 1, "rows": [{"product": "stone"}, {"product": ["x"], "quantity": 1}]})
    assert status == 422
    assert {one["pointer"] for one in said["errors"]} == {"/colour", "/rows/1/product"}  # type: ignore[attr-defined]
    status, said = send({"store": cast.rival_store.pk, "rows": [{"product": "stone"}]})
    assert {one["pointer"] for one in said["errors"]} == {"/store", "/rows/0/quantity"}  # type: ignore[attr-defined]
    status, said = send({**good, "rows": [{"product": "stone", "quantity": 1}]})
    assert said["errors"] == [{"pointer": "/rows/0/product", "detail": "A stone is no fruit."}]
    assert send({})[0] == 422
    assert send([])[0] == 400
    assert send(good, "corner-viewer")[0] == 403
    assert len(SAVED) == 1
