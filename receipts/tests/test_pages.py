"""The customer's pages: each state of a code, its status, caching and queries, and what must not show."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.views.defaults import bad_request, permission_denied, server_error

from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import ALPHABET, CodeCheckError, CodeNotGenuineError, Environment
from receipts import alarms
from receipts.cases.models import Case
from tests.factories import make_line
from tests.links import full_address
from tests.tills import Till

Record = Callable[..., str]
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
# Where it is and what was taken back of it; its block.
RECORDED_QUERIES = 2
# And one that counts the copies that tills have printed of it.
PAPER_QUERIES = RECORDED_QUERIES + 1


def mistyped(code: str) -> str:
    """The code with its last symbol replaced by the next one."""
    return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % len(ALPHABET)]


def invented(environment: Environment = Environment.PRODUCTION, terminal: int = 64, sequence: int = 77_777) -> str:
    """A well-made code of today that no sale has."""
    return receipt_keys.table().encode(environment, utc(now_ms()).date(), terminal, sequence)


def of_no_key() -> str:
    """Sixteen symbols with a right check symbol, of a key version that there is not."""
    for symbol in ALPHABET:
        code = f"FFFF-FFFF-FFFF-FFF{symbol}"
        try:
            receipt_keys.table().decode(code)
        except CodeNotGenuineError:
            return code
        except CodeCheckError:
            continue
    raise AssertionError("no check symbol is right")


def test_the_first_page_has_a_field_for_the_code(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert b'action="/r/"' in page.content
    assert b'name="code"' in page.content
    # It depends on the language, which not every shared cache heeds.
    assert "private" in page["Cache-Control"]


def test_a_recorded_receipt_says_everything_that_was_printed(client: Client, till: Till, record: Record) -> None:
    lines = [
        make_line(),
        make_line(name="Ham, sliced", quantity="0.312", unit="kg", unit_price="18990", discount=705, amount=5220),
    ]
    code = record(
        issued_at=utc(now_ms()).strftime("%Y-%m-%dT10:00:00+05:30"), lines=lines, rounding=-20, tendered=20000
    )
    # Which draws are open, the lottery asks once in a while for all pages together.
    client.get(full_address(code))
    with CaptureQueriesContext(connection) as queries:
        page = client.get(full_address(code))
    text = page.content.decode()
    assert page.status_code == 200
    assert len(queries) == PAPER_QUERIES
    shown = [
        "Recorded", code, "Corner Shops", "High Street", "1 High Street", "10:00:00", "UTC+05:30",
        "Whole milk 1 l", "2 pcs × 25.50", "51.00", "0.312 kg × 189.90", "Discount 7.05", "52.20",
        "103.20", "Rounding", "-0.20", "CZK\u00a0103.00", "12%", "Cash", "200.00", "Change", "97.00",
        "Block", "Position", "Received",
    ]  # fmt: skip
    assert [words for words in shown if words not in text] == []


def test_a_recorded_receipt_is_kept_by_the_customer_s_browser_only(client: Client, record: Record) -> None:
    code = record()

    page = client.get(full_address(code))
    assert page["Cache-Control"] == "private, max-age=60"
    assert "noindex" in page["X-Robots-Tag"]
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert page["Referrer-Policy"] == "same-origin"
    assert not page.cookies


def test_buyer_operator_and_lottery_are_not_shown(client: Client, record: Record) -> None:
    code = record(buyer="CZ99887766", operator="Jana Novakova", lottery="LUCKY-TAG")
    for address in (f"/r/{code}", full_address(code), f"/api/v1/receipts{full_address(code)}"):
        text = client.get(address).content.decode()
        assert [secret for secret in ("CZ99887766", "Jana", "LUCKY") if secret in text] == []


def test_a_hostile_product_name_is_only_text(client: Client, record: Record) -> None:
    lines = [make_line(name=HOSTILE, unit="<b>", category=HOSTILE[:60])]
    code = record(lines=lines)

    text = client.get(full_address(code)).content.decode()
    assert "&lt;script&gt;alert" in text
    assert "<script>" not in text
    assert "<img src=x" not in text
    assert "<b>" not in text


def test_a_hostile_code_is_only_text(client: Client) -> None:
    page = client.get("/r/", {"code": HOSTILE})
    assert page.status_code == 400
    assert b"<script>alert" not in page.content
    assert b"<img src=x" not in page.content


def test_a_sale_on_its_way_is_accepted_then_recorded(
    client: Client, till: Till, flush_everything: Callable[[], object]
) -> None:
    code = till.send().json()["code"]
    page = client.get(f"/r/{code}")
    assert page.status_code == 200
    assert b"Accepted, being recorded" in page.content
    assert page["Cache-Control"] == "no-store"
    flush_everything()
    assert b"Accepted" not in client.get(f"/r/{code}").content


@pytest.mark.parametrize(("type_", "label"), [("refund", "Refund, recorded"), ("void", "Cancellation, recorded")])
def test_what_takes_a_receipt_back_leads_to_it(client: Client, record: Record, type_: str, label: str) -> None:
    first = record()
    lines = [make_line(quantity="-2.000", amount=-5100)]
    code = record(type=type_, refers_to=first.lower(), reason="sour", lines=lines)
    text = client.get(full_address(code)).content.decode()
    assert label in text
    assert f'href="/r/{first}"' in text
    assert "-CZK\u00a051.00" in text


def test_a_training_receipt_is_called_a_test(client: Client, till: Till) -> None:
    code = till.send(till.sale(mode="training")).json()["code"]
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/r/{code}")
    assert page.status_code == 200
    assert b"Test receipt" in page.content
    assert len(queries) == 0


def test_a_code_that_a_till_can_hold_and_that_is_not_recorded_is_an_alarm(
    client: Client, till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    code = invented(terminal=till.number)
    alarms._alarmed.clear()
    for _ in range(2):
        page = client.get(f"/r/{code}")
        assert page.status_code == 404
        assert b"Genuine code, but not recorded" in page.content
        assert f"/report/?kind=missing&amp;code={code}".encode() in page.content
        assert page["Cache-Control"] == "no-store"
    assert caplog.text.count(f"ALARM receipt code {code} is genuine") == 1
    assert Case.objects.get().code == code


@pytest.mark.parametrize("changes", [{"terminal": 640_000}, {"sequence": 77_777}])
def test_a_code_that_no_till_can_hold_is_not_genuine_and_no_alarm(
    client: Client, till: Till, record: Record, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    record()
    alarms._alarmed.clear()
    page = client.get(f"/r/{invented(**{'terminal': till.number, **changes})}")
    assert page.status_code == 404
    assert b"Not a genuine code" in page.content
    assert "ALARM" not in caplog.text


def test_a_code_of_a_day_to_come_is_not_genuine(client: Client, till: Till) -> None:
    day = utc(now_ms()).date() + timedelta(days=2)
    code = receipt_keys.table().encode(Environment.PRODUCTION, day, till.number, 1)
    assert b"Not a genuine code" in client.get(f"/r/{code}").content


def test_another_till_s_sale_does_not_answer_for_a_missing_one(client: Client, rival: Till, record: Record) -> None:
    record()
    assert client.get(f"/r/{invented(terminal=rival.number, sequence=1)}").status_code == 404


def test_a_code_of_no_key_of_ours_is_not_genuine(client: Client) -> None:
    page = client.get(f"/r/{of_no_key()}")
    assert page.status_code == 404
    assert b"Not a genuine code" in page.content


@pytest.mark.parametrize("typed", ["1234", "", "*" * 16, "0" * 70])
def test_what_is_no_code_is_told_so_without_a_query(client: Client, typed: str) -> None:
    page = client.get(f"/r/{typed or 'x'}")
    assert page.status_code == 400
    assert b'role="alert"' in page.content
    assert b'aria-invalid="true"' in page.content


def test_a_typing_error_is_noticed(client: Client) -> None:
    page = client.get(f"/r/{mistyped(invented())}")
    assert page.status_code == 400
    assert b"contains a typing error" in page.content


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("0", "o")])
def test_other_ways_of_writing_a_code_lead_to_its_own_address(client: Client, change: Callable[[str], str]) -> None:
    code = "0A0B-0C0D-1234-0000"
    answer = client.get(f"/r/{change(code)}")
    assert (answer.status_code, answer["Location"]) == (301, f"/r/{code}")


def test_the_field_leads_to_the_receipt(client: Client) -> None:
    answer = client.get("/r/", {"code": " oa0b 0cod 1234 0000 "})
    assert (answer.status_code, answer["Location"]) == (302, "/r/0A0B-0C0D-1234-0000")


def test_an_empty_field_leads_back(client: Client) -> None:
    assert client.get("/r/", {"code": "  "})["Location"] == "/"
    assert client.get("/r/")["Location"] == "/"


def test_without_the_store_nothing_is_said_of_a_missing_receipt(
    client: Client, till: Till, store_away: Callable[[], None]
) -> None:
    code = till.send().json()["code"]
    store_away()
    page = client.get(f"/r/{code}")
    assert page.status_code == 503
    assert b"We cannot say at the moment" in page.content
    assert page["Retry-After"] == "10"
    assert page["Cache-Control"] == "no-store"


def test_without_the_store_a_recorded_receipt_is_shown(
    client: Client, record: Record, store_away: Callable[[], None]
) -> None:
    code = record()
    store_away()
    assert client.get(f"/r/{code}").status_code == 200


def test_without_the_database_nothing_is_said(client: Client, till: Till, database_away: Callable[[], None]) -> None:
    code = till.send().json()["code"]
    database_away()
    assert client.get(f"/r/{code}").status_code == 503


def test_search_engines_are_kept_from_receipts(client: Client) -> None:
    page = client.get("/robots.txt")
    assert page["Content-Type"].startswith("text/plain")
    assert b"Disallow: /r/" in page.content


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_are_only_read(client: Client, method: str) -> None:
    assert getattr(client, method)("/").status_code == 405


def test_errors_have_pages_for_people() -> None:
    request = RequestFactory().get("/somewhere")
    fault = Exception("inner detail")
    pages = [
        server_error(request), bad_request(request, fault), permission_denied(request, fault),
        Client().get("/no/such/page"),
    ]  # fmt: skip
    assert [page.status_code for page in pages] == [500, 400, 403, 404]
    for page in pages:
        assert isinstance(page, HttpResponse)
        assert b"Check a receipt" in page.content
        assert b"inner detail" not in page.content
