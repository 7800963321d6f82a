"""Who sees what: the link's holder all, whoever types a code only where it stands, and guesses are counted."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from receipts.limits import WRONG_FOR_CLIENT, WRONG_FOR_CODE, WRONG_TOTAL_FOR_CODE
from receipts.tests.test_pages import invented, of_no_key
from receipts.timing import CODE_MISS_MS
from tests.factories import make_refund
from tests.links import full_address
from tests.tills import Till

Record = Callable[..., str]
LINES = ("Whole milk", "51.00", "Cash", "12%")
PROBLEM = "urn:possys:problem:"


def wrong_link(code: str) -> str:
    """The code's address with another key."""
    address = full_address(code)
    return address[:-1] + ("0" if address[-1] != "0" else "1")


def test_a_typed_code_shows_status_store_and_day_only(client: Client, record: Record) -> None:
    code = record()
    text = client.get(f"/r/{code}").content.decode()
    assert [words for words in ("Recorded", "Corner Shops", "High Street", code) if words not in text] == []
    assert [words for words in (*LINES, full_address(code)) if words in text] == []


@pytest.mark.parametrize("total", ["51,00", "51.00", "51", "Kč 51,00", " 51.00 CZK"])
def test_the_right_total_opens_the_receipt(client: Client, record: Record, total: str) -> None:
    code = record()
    answer = client.post(f"/r/{code}", {"total": total})
    assert (answer.status_code, answer["Location"]) == (303, full_address(code))
    text = client.get(answer["Location"]).content.decode()
    assert [words for words in LINES if words not in text] == []


def test_a_refund_s_total_is_typed_without_its_sign(client: Client, till: Till, record: Record) -> None:
    refund = record(**make_refund(record(), terminal=till.number, sequence=2))
    assert client.post(f"/r/{refund}", {"total": "51,00"}).status_code == 303


def test_a_wrong_total_says_so_and_how_to_report_it(client: Client, record: Record) -> None:
    code = record()
    page = client.post(f"/r/{code}", {"total": "51,01"})
    text = page.content.decode()
    assert page.status_code == 403
    assert "not the total that was recorded" in text
    assert f"kind=amount&amp;code={code}" in text
    assert [words for words in LINES[:1] + LINES[2:] if words in text] == []


def test_what_is_no_amount_is_told_and_not_counted(client: Client, record: Record) -> None:
    code = record()
    for _ in range(WRONG_TOTAL_FOR_CODE.most + 1):
        assert client.post(f"/r/{code}", {"total": "much"}).status_code == 400
    assert client.post(f"/r/{code}", {"total": "51"}).status_code == 303


def test_a_wrong_key_is_answered_as_a_code_that_is_not_ours(client: Client, record: Record) -> None:
    code = record()
    page = client.get(wrong_link(code))
    assert page.status_code == 404
    assert b"Not a genuine code" in page.content
    assert b"Corner Shops" not in page.content


def test_keys_cannot_be_guessed(client: Client, record: Record) -> None:
    code = record()
    for _ in range(WRONG_FOR_CODE.most):
        client.get(wrong_link(code))
    answer = client.get(full_address(code))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    # The rest of the site goes on.
    assert client.get(f"/r/{code}").status_code == 200


def test_totals_cannot_be_guessed_and_do_not_lock_the_paper_s_owner_out(client: Client, record: Record) -> None:
    code = record()
    for _ in range(WRONG_TOTAL_FOR_CODE.most):
        client.post(f"/r/{code}", {"total": "1"})
    assert client.post(f"/r/{code}", {"total": "51"}).status_code == 429
    assert client.get(full_address(code)).status_code == 200


def test_one_client_cannot_try_one_total_on_many_codes(client: Client, till: Till, record: Record) -> None:
    codes = [record() for _ in range(2)]
    for sequence in range(900, 900 + WRONG_FOR_CLIENT.most):
        client.get(wrong_link(invented(terminal=till.number, sequence=sequence)))
    assert client.post(f"/r/{codes[0]}", {"total": "51"}).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").post(f"/r/{codes[0]}", {"total": "51"}).status_code == 303


def test_without_the_cache_nothing_secret_is_opened_and_the_pages_go_on(
    client: Client, record: Record, settings: Any
) -> None:
    code = record()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert client.post(f"/r/{code}", {"total": "51"}).status_code == 429
    assert client.get(full_address(code)).status_code == 429
    assert client.get(f"/r/{code}").status_code == 200
    assert client.get("/").status_code == 200


def test_misses_are_held_until_the_same_moment(client: Client, till: Till, record: Record) -> None:
    code = record()
    misses: list[Callable[[], Any]] = [
        lambda: client.get(f"/r/{of_no_key()}"),
        lambda: client.get(f"/r/{invented(terminal=till.number)}"),
        lambda: client.get(f"/r/{invented(terminal=640_000)}"),
        lambda: client.get(wrong_link(code)),
        lambda: client.get(wrong_link(invented(terminal=till.number))),
        lambda: client.post(f"/r/{code}", {"total": "51,01"}),
        lambda: client.get("/O/640000.1.2611281000.5100"),
    ]
    for miss in misses:
        started_s = time.monotonic()
        assert miss().status_code in {403, 404}
        assert time.monotonic() - started_s >= CODE_MISS_MS / 1000


# --- The same for programs -------------------------------------------------------------------------------------


def test_the_api_tells_a_bare_code_as_little(client: Client, record: Record) -> None:
    code = record()
    said = client.get(f"/api/v1/receipts/{code}").json()
    assert (said["status"], said["code"], said["names"]["store"]) == ("recorded", code, "High Street")
    assert said["issued_on"]
    assert [said[name] for name in ("received_at", "place", "sale", "taken_back")] == [None] * 4
    assert said["url"].endswith(f"/r/{code}")
    proof = client.get(f"/api/v1/receipts/{code}/proof")
    assert (proof.status_code, proof.json()["type"]) == (403, f"{PROBLEM}total-needed")


def test_the_api_takes_the_total_in_minor_units(client: Client, record: Record) -> None:
    code = record()
    assert client.get(f"/api/v1/receipts/{code}", {"total": 5100}).json()["sale"]["total"] == 5100
    for wrong in ("5101", "51.00", "x"):
        answer = client.get(f"/api/v1/receipts/{code}", {"total": wrong})
        assert (answer.status_code, answer.json()["type"]) == (403, f"{PROBLEM}total-needed")


def test_the_api_counts_guesses_with_the_pages(client: Client, record: Record) -> None:
    code = record()
    for _ in range(WRONG_TOTAL_FOR_CODE.most):
        client.get(f"/api/v1/receipts/{code}", {"total": 1})
    answer = client.get(f"/api/v1/receipts/{code}", {"total": 5100})
    assert (answer.status_code, answer.json()["type"]) == (429, f"{PROBLEM}too-many-lookups")
    assert client.post(f"/r/{code}", {"total": "51"}).status_code == 429
