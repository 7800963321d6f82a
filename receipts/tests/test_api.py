"""The receipt as JSON: the same as the page says, and a problem document for everything else."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from possys.receipt_keys import links
from receipts.tests.test_pages import RECORDED_QUERIES, Record, invented, mistyped, of_no_key
from tests.factories import make_refund
from tests.links import full_address
from tests.tills import Till

PROBLEM = "application/problem+json"
ADDRESS = "/api/v1/receipts/"
PRIVATE = {"buyer", "operator", "lottery", "sequence"}


def test_a_recorded_receipt_is_the_sale_as_it_was_sent(client: Client, till: Till, record: Record) -> None:
    sent = till.sale(tendered=6000)
    code = record(**sent)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(ADDRESS + full_address(code).lower().lstrip("/"))
    said = answer.json()
    assert answer.status_code == 200
    assert len(queries) == RECORDED_QUERIES
    assert (said["status"], said["code"], said["url"]) == ("recorded", code, links().of(code))
    assert said["names"] == {"retailer": "Corner Shops", "store": "High Street", "address": "1 High Street"}
    assert said["place"] == {"shard": till.number % 64, "epoch": 1, "number": 1, "block": 1, "position": 0}
    assert said["received_at"].endswith("Z")
    assert said["sale"] == {name: value for name, value in sent.items() if name not in PRIVATE} | {"change": 900}


def test_a_refund_names_its_receipt(client: Client, till: Till, record: Record) -> None:
    first = record()
    code = record(**make_refund(first, terminal=till.number, sequence=2))
    sale = client.get(ADDRESS + code, {"total": -5100}).json()["sale"]
    assert (sale["type"], sale["refers_to"], sale["total"]) == ("refund", first, -5100)


def test_a_sale_on_its_way_is_accepted(client: Client, till: Till) -> None:
    code = till.send().json()["code"]
    answer = client.get(ADDRESS + code)
    said = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert (said["status"], said["code"]) == ("accepted", code)
    assert [said[name] for name in ("received_at", "names", "place", "sale")] == [None] * 4


def test_a_training_receipt_is_a_test(client: Client, till: Till) -> None:
    code = till.send(till.sale(mode="training")).json()["code"]
    assert client.get(ADDRESS + code).json()["status"] == "test"


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        ("1234", 400, "code-length"),
        ("*" * 16, 400, "code-symbol"),
    ],
)
def test_what_is_no_code_is_a_problem(client: Client, code: str, status: int, name: str) -> None:
    answer = client.get(ADDRESS + code)
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    assert answer.json()["type"] == f"urn:possys:problem:{name}"
    assert answer["Cache-Control"] == "no-store"


def test_a_code_of_no_key_of_ours_is_a_problem(client: Client) -> None:
    answer = client.get(ADDRESS + of_no_key())
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:possys:problem:code-not-genuine")


def test_a_typing_error_is_a_problem(client: Client) -> None:
    answer = client.get(ADDRESS + mistyped(invented()))
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:possys:problem:code-mistyped")


def test_a_code_that_a_till_can_hold_is_missing(client: Client, till: Till) -> None:
    answer = client.get(ADDRESS + invented(terminal=till.number))
    assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)
    assert answer.json()["type"] == "urn:possys:problem:receipt-missing"


def test_without_the_store_it_cannot_be_said(client: Client, till: Till, store_away: Callable[[], None]) -> None:
    code = till.send().json()["code"]
    store_away()
    answer = client.get(ADDRESS + code)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["retry_after_s"] == 10


def test_the_endpoint_is_described_with_every_field(client: Client) -> None:
    schema = client.get("/api/schema/", {"format": "json"}).json()
    operation = schema["paths"]["/api/v1/receipts/{code}"]["get"]
    assert set(operation["responses"]) == {"200", "400", "403", "404", "410", "429", "500", "503"}
    components = schema["components"]["schemas"]
    assert set(components["ReceiptSale"]["properties"]) & PRIVATE == set()
    for name in ("Finding", "ReceiptSale", "ReceiptLine", "ReceiptTax", "ReceiptPayment", "ReceiptPlace"):
        for field, described in components[name]["properties"].items():
            assert described.get("description"), f"{name}.{field} has no description"
