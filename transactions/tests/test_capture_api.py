"""Tills over HTTP: limits of requests, batches, dates and credentials; and that nothing refused leaves a trace."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from possys import receipt_keys
from tests.factories import batch_bytes, make_line, make_sale, moment, sale_bytes
from tests.throttles import allow
from tests.tills import BATCH, ONE, Till, request
from transactions import service
from transactions.api import BATCH_SALES_MAX
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.envelope import ENVELOPE_BYTES_MAX
from transactions.models import Life
from transactions.operations import change_status, rotate_gateway_token, rotate_terminal_token
from transactions.parsing import BATCH_BYTES_MAX
from transactions.sale import SALE_BYTES_MAX, SEQUENCE_MAX
from transactions.stream import shard_of, stream_key, terminals_key

PROBLEM = "application/problem+json"


def stored(client: redis.Redis, till: Till) -> tuple[Any, Any]:
    """All that the store holds of the till's shard: its stream and its terminals' states."""
    shard = shard_of(till.number)
    return client.xrange(stream_key(shard)), client.hgetall(terminals_key(shard))


@pytest.fixture
def nothing_stored(ledger: redis.Redis, till: Till) -> Any:
    """Checks at the test's end that the till's shard is as it was, to the byte."""
    before = stored(ledger, till)
    yield
    assert stored(ledger, till) == before


def test_a_sale_is_answered_with_its_code(till: Till) -> None:
    answer = till.send()
    said = answer.json()
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert set(said) == {"code", "url", "received_at", "replayed", "warnings"}
    assert said["url"] == receipt_keys.links().of(said["code"])
    assert said["replayed"] is False
    assert said["warnings"] == []


def test_a_batch_is_answered_item_by_item_in_order(till: Till) -> None:
    sales: list[Any] = [till.sale(), till.sale(total=1), b"{}", till.sale(), b'"\xff"']
    answer = till.send_batch(sales)
    results = answer.json()["results"]
    assert answer.status == 200
    assert [item["status"] for item in results] == [201, 422, 422, 201, 422]
    assert results[0]["code"] != results[3]["code"]
    assert results[1]["errors"][0]["pointer"] == "/total"


def test_only_the_bad_items_of_a_batch_fail(ledger: redis.Redis, till: Till) -> None:
    deep = sale_bytes(till.sale()).replace(b'"tendered":null', b'"tendered":' + b"[" * 600 + b"]" * 600)
    answer = till.send_batch([till.sale(), deep, till.sale()])
    assert [item["status"] for item in answer.json()["results"]] == [201, 422, 201]


@pytest.mark.parametrize(
    "change",
    [
        {"total": 1},
        {"type": "gift"},
        {"issued_at": "today"},
        {"currency": "XXY"},
        {"terminal": 0},
        {"sequence": SEQUENCE_MAX + 1},
        {"sequence": 0},
        {"lines": []},
    ],
)
@pytest.mark.usefixtures("nothing_stored")
def test_a_wrong_sale_is_refused_with_a_problem_document(till: Till, change: dict[str, Any]) -> None:
    answer = till.send(till.sale(**change))
    said = answer.json()
    assert answer.status == 422
    assert answer.headers["Content-Type"] == PROBLEM
    assert {"type", "title", "status", "detail", "errors"} <= set(said)
    assert f"/{next(iter(change))}" in answer.pointers


@pytest.mark.usefixtures("nothing_stored")
def test_sums_date_and_identity_that_are_wrong_are_named_at_once(till: Till, rival: Till) -> None:
    sale = make_sale(terminal=rival.number, total=1, issued_at=moment(days=-500))
    assert {"/total", "/terminal", "/issued_at"} <= set(till.send(sale).pointers)


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 5000, b"null", b"[]"])
@pytest.mark.usefixtures("nothing_stored")
def test_broken_bodies_are_refused_with_a_problem_document(till: Till, body: bytes) -> None:
    answer = till.send(body)
    assert answer.status in {400, 422}
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"{}", b"1", b"[1", b"[,]", b"[{},]", b"\xff", b"\xef\xbb\xbf[{}]", b"[" * 100_000]
)
@pytest.mark.usefixtures("nothing_stored")
def test_a_batch_that_cannot_be_split_is_a_bad_request(till: Till, body: bytes) -> None:
    answer = till.send_batch(body)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.usefixtures("nothing_stored")
def test_a_batch_in_utf_16_is_a_bad_request(till: Till) -> None:
    assert till.send_batch(batch_bytes([till.sale()]).decode().encode("utf-16")).status == 400


def test_500_sales_are_taken_at_once(till: Till, ledger: redis.Redis) -> None:
    answer = till.send_batch(till.sales(BATCH_SALES_MAX))
    results = answer.json()["results"]
    assert {item["status"] for item in results} == {201}
    assert len({item["code"] for item in results}) == BATCH_SALES_MAX
    assert ledger.xlen(stream_key(shard_of(till.number))) == 1


@pytest.mark.parametrize("count", [0, BATCH_SALES_MAX + 1])
@pytest.mark.usefixtures("nothing_stored")
def test_no_sale_or_501_sales_are_refused_as_a_whole(till: Till, count: int) -> None:
    answer = till.send_batch(till.sales(count))
    assert answer.status == 400
    assert str(count) in answer.json()["detail"]


def test_64_kb_are_taken_as_one_sale_and_one_byte_more_is_not(till: Till) -> None:
    sale = sale_bytes(till.sale())
    padded = sale.replace(b'"terminal"', b" " * (SALE_BYTES_MAX - len(sale)) + b'"terminal"', 1)
    # What is one byte too long may still be a signed sale; what is longer than any of these is not read.
    assert till.send(padded[:1] + b" " + padded[1:]).status == 422
    assert till.send(padded[:1] + b" " * (ENVELOPE_BYTES_MAX + 1) + padded[1:]).status == 413
    assert till.send(padded).status == 201


def test_4_mb_are_taken_as_a_batch_and_one_byte_more_is_not(till: Till) -> None:
    sales = till.sales(66)
    sales = [sale.replace(b'{"terminal"', b"{" + b" " * 60_000 + b'"terminal"', 1) for sale in sales]
    body = batch_bytes(sales)
    padded = body[:-1] + b" " * (BATCH_BYTES_MAX - len(body)) + b"]"
    assert till.send_batch(padded[:-1] + b" ]").status == 413
    answer = till.send_batch(padded)
    assert {item["status"] for item in answer.json()["results"]} == {201}


@pytest.mark.usefixtures("nothing_stored")
def test_a_sale_of_more_than_64_kb_is_refused_in_a_batch_too(till: Till) -> None:
    sale = sale_bytes(till.sale())
    results = till.send_batch([sale[:1] + b" " * SALE_BYTES_MAX + sale[1:]]).json()["results"]
    assert [item["status"] for item in results] == [422]


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"],
)
def test_json_in_utf_8_is_the_content_type(till: Till, kind: str) -> None:
    assert till.send(CONTENT_TYPE=kind).status == 201


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ],
)
@pytest.mark.usefixtures("nothing_stored")
def test_any_other_content_type_is_refused(till: Till, kind: str | None) -> None:
    for send in (till.send, lambda **meta: till.send_batch([till.sale()], **meta)):
        answer = send(CONTENT_TYPE=kind)
        assert answer.status == 415
        assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
@pytest.mark.usefixtures("nothing_stored")
def test_a_content_encoding_is_refused(till: Till, encoding: str) -> None:
    assert till.send(HTTP_CONTENT_ENCODING=encoding).status == 415


@pytest.mark.parametrize("length", [None, "", "many"])
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_without_length_is_refused(till: Till, length: str | None) -> None:
    assert till.send(CONTENT_LENGTH=length).status == 411


@pytest.mark.usefixtures("nothing_stored")
def test_a_body_that_ends_early_is_refused(till: Till) -> None:
    sale = sale_bytes(till.sale())
    answer = till.send(sale, CONTENT_LENGTH=str(len(sale) + 10))
    assert answer.status == 400
    assert "Content-Length" in answer.json()["detail"]


@pytest.mark.parametrize("accept", [None, "text/html", "application/xml", "image/*;q=0.1"])
def test_the_answer_is_json_whatever_is_asked_for(till: Till, accept: str | None) -> None:
    assert till.send(HTTP_ACCEPT=accept).status == 201
    assert till.send(b"{}", HTTP_ACCEPT=accept).headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [ONE, BATCH])
def test_any_other_method_is_refused_with_a_problem_document(till: Till, method: str, path: str) -> None:
    answer = request(method, path, HTTP_AUTHORIZATION=f"Bearer {till.token}")
    assert answer.status == 405
    assert answer.headers["Content-Type"] == PROBLEM
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("path", [ONE, BATCH])
def test_options_do_not_break_the_server(till: Till, path: str) -> None:
    assert request("OPTIONS", path, HTTP_AUTHORIZATION=f"Bearer {till.token}").status in {200, 204, 405}


@pytest.mark.parametrize("path", [f"{ONE}/", f"{ONE}/1", f"{ONE}/x/1", "/api/v1/nothing", "/api/"])
def test_an_unknown_address_below_api_is_a_problem_document(ledger: redis.Redis, path: str) -> None:
    answer = request("GET", path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == PROBLEM


# --- dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-settings.CAPTURE_PAST_DAYS, -1, 0, settings.CAPTURE_FUTURE_DAYS])
def test_a_date_inside_the_window_is_taken(till: Till, days: int) -> None:
    day = (datetime.now(UTC) + timedelta(days=days)).date()
    assert till.send(till.sale(issued_at=f"{day}T12:00:00Z")).status == 201


@pytest.mark.parametrize("days", [-settings.CAPTURE_PAST_DAYS - 1, settings.CAPTURE_FUTURE_DAYS + 1, 3000])
@pytest.mark.usefixtures("nothing_stored")
def test_a_date_outside_the_window_is_refused(till: Till, days: int) -> None:
    day = (datetime.now(UTC) + timedelta(days=days)).date()
    answer = till.send(till.sale(issued_at=f"{day}T12:00:00Z"))
    assert answer.status == 422
    assert answer.pointers == ["/issued_at"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:00:00Z"])
@pytest.mark.usefixtures("nothing_stored")
def test_dates_at_the_ends_of_the_calendar_are_refused(till: Till, text: str) -> None:
    assert till.send(till.sale(issued_at=text)).pointers == ["/issued_at"]


def test_a_clock_that_is_off_is_warned_of(till: Till) -> None:
    assert [said["code"] for said in till.send(till.sale(issued_at=moment(seconds=-600))).json()["warnings"]] == [
        "clock"
    ]
    assert till.send(till.sale(issued_at=moment(seconds=-600), mode="offline")).json()["warnings"] == []


# --- credentials ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic dDp0", "Bearer x", "Bearer t1.1.", "Bearer ž", "t1"]
)
@pytest.mark.usefixtures("nothing_stored")
def test_no_or_a_strange_token_is_unauthorised(till: Till, header: str | None) -> None:
    answer = till.send(HTTP_AUTHORIZATION=header)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.usefixtures("nothing_stored")
def test_a_token_with_any_one_character_changed_is_unauthorised(till: Till) -> None:
    for place in range(len(till.token)):
        wrong = "A" if till.token[place] != "A" else "B"
        assert till.send(token=till.token[:place] + wrong + till.token[place + 1 :]).status == 401


@pytest.mark.usefixtures("nothing_stored")
def test_a_token_of_another_deployment_is_unauthorised(till: Till) -> None:
    with override_settings(TERMINAL_KEY="ab" * 32):
        foreign = mint_terminal_token(till.number, 1)
    assert till.send(token=foreign).status == 401


@pytest.mark.usefixtures("nothing_stored")
def test_another_terminals_token_sends_nothing(till: Till, rival: Till) -> None:
    answer = rival.send(till.sale())
    assert answer.status == 422
    assert answer.pointers == ["/terminal"]


def test_a_rotated_token_sends_nothing_and_the_new_one_does(till: Till) -> None:
    version = rotate_terminal_token(till.terminal)
    refused = till.send()
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert till.send(token=mint_terminal_token(till.number, version)).status == 201


def test_a_gateway_sends_for_every_terminal_of_its_retailer(till: Till) -> None:
    from tests.factories import make_store, make_terminals

    other = Till(make_terminals(make_store(till.terminal.store.retailer))[0])
    results = till.send_batch([till.sale(), other.sale()], token=till.gateway_token).json()["results"]
    assert [item["status"] for item in results] == [201, 201]


def test_a_gateway_of_another_retailer_sends_nothing(ledger: redis.Redis, till: Till, rival: Till) -> None:
    before = stored(ledger, till)
    results = till.send_batch([till.sale(), rival.sale()], token=rival.gateway_token).json()["results"]
    assert [item["status"] for item in results] == [422, 201]
    assert results[0]["errors"][0]["pointer"] == "/terminal"
    assert stored(ledger, till) == before


def test_a_rotated_gateway_token_sends_nothing_and_the_new_one_does(till: Till) -> None:
    old = till.gateway_token
    version = rotate_gateway_token(till.terminal.store.retailer)
    assert till.send(token=old).status == 401
    assert till.send(token=mint_gateway_token(till.terminal.store.retailer.pk, version)).status == 201


def test_a_suspended_terminal_sends_nothing_until_it_is_active_again(ledger: redis.Redis, till: Till) -> None:
    till.send()
    change_status(till.terminal, Life.SUSPENDED, reason="a test")
    before = stored(ledger, till)
    answer = till.send()
    assert answer.status == 422
    assert answer.pointers == ["/terminal"]
    assert stored(ledger, till) == before
    change_status(till.terminal, Life.ACTIVE, reason="a test")
    assert till.send().status == 201


@pytest.mark.usefixtures("nothing_stored")
def test_a_terminal_that_is_not_enrolled_is_refused(till: Till) -> None:
    stranger = till.number + 64
    answer = till.send(make_sale(terminal=stranger), token=mint_terminal_token(stranger, 1))
    assert answer.status == 422
    assert answer.json()["errors"] == [{"pointer": "/terminal", "detail": "is not enrolled"}]


def test_a_terminal_beyond_its_rate_waits_and_loses_nothing(till: Till, ledger: redis.Redis) -> None:
    with override_settings(TERMINAL_RATE_PER_MINUTE=6):
        service.capture.cache_clear()
        sales = till.sales(8)
        results = till.send_batch(sales).json()["results"]
    assert [item["status"] for item in results] == [201] * 6 + [429] * 2
    assert all(1 <= item["retry_after_s"] <= 60 for item in results[6:])
    service.capture.cache_clear()
    again = till.send_batch(sales).json()["results"]
    assert [item["status"] for item in again] == [200] * 6 + [201] * 2


def test_a_credential_gone_wild_is_told_to_wait(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    from transactions.throttling import CaptureThrottle

    allow(monkeypatch, CaptureThrottle, 3)
    answers = [till.send() for _ in range(4)]
    assert [answer.status for answer in answers] == [201, 201, 201, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].headers["Content-Type"] == PROBLEM


# --- SQL --------------------------------------------------------------------------------------------------------


def test_a_warm_capture_asks_the_database_nothing(till: Till, django_assert_num_queries: Callable[[int], Any]) -> None:
    till.send()
    sale = sale_bytes(till.sale())
    with django_assert_num_queries(0):
        assert till.send(sale).status == 201
        assert till.send(sale).status == 200
        assert till.send(b"{}").status == 422
        assert till.send_batch(till.sales(100)).status == 200
        assert till.ask(till.sequence, moment()[:10]).status == 200


# --- kinds of sales ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_stored")
def test_training_gets_a_test_code_and_leaves_no_trace(till: Till) -> None:
    sale = till.sale(mode="training")
    first, second = till.send(sale), till.send(sale)
    assert (first.status, second.status) == (201, 201)
    assert first.json()["code"] == second.json()["code"]
    assert first.json()["code"][0] >= "G"


def test_training_and_real_sales_share_no_sequences_and_no_codes(till: Till) -> None:
    real = till.send(till.sale(sequence=5))
    training = till.send(till.sale(sequence=5, mode="training"))
    assert (real.status, training.status) == (201, 201)
    assert real.json()["code"] != training.json()["code"]
    assert till.send(till.sale(sequence=6)).json()["warnings"] == []


def test_training_is_checked_like_any_sale(till: Till) -> None:
    assert till.send(till.sale(mode="training", total=1)).status == 422


def test_a_refund_names_a_code_of_this_deployment(till: Till, flush_everything: Callable[[], object]) -> None:
    from tests.factories import make_refund

    code, other = [till.send().json()["code"] for _ in range(2)]
    test_code = till.send(till.sale(mode="training")).json()["code"]
    flush_everything()
    refund = make_refund(code, terminal=till.number, sequence=100)
    assert till.send(refund).status == 201
    assert till.send(make_refund(other.lower().replace("-", ""), terminal=till.number, sequence=101)).status == 201
    for wrong in (test_code, code[:-1] + ("0" if code[-1] != "0" else "1"), "x"):
        assert till.send({**refund, "sequence": 102, "refers_to": wrong}).pointers == ["/refers_to"]


def test_a_batch_over_many_shards_is_taken_by_a_gateway(till: Till) -> None:
    from tests.factories import make_store, make_terminals

    retailer = till.terminal.store.retailer
    tills = [Till(make_terminals(make_store(retailer))[0]) for _ in range(12)]
    assert len({shard_of(each.number) for each in tills}) == 12
    sales = [each.sale(lines=[make_line()] * 3) for each in tills for _ in range(4)]
    results = till.send_batch(sales, token=till.gateway_token).json()["results"]
    assert [item["status"] for item in results] == [201] * 48
    again = till.send_batch(sales[::-1], token=till.gateway_token).json()["results"]
    assert [item["code"] for item in again] == [item["code"] for item in results][::-1]
