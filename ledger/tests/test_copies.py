"""Copies are counted once each, for the receipt's own retailer; nothing of a receipt is ever edited."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connections

from ledger.archive.tests.looking import proof_of
from ledger.log.checkpointer import catch_up
from ledger.queries import Recorded, find_recorded
from possys.receipt_keys import table
from tests.factories import make_refund, make_store, make_terminals
from tests.openapi import answer_schema, description, faults
from tests.throttles import allow
from tests.tills import Response, Till, request
from transactions.models import COPIES_MAX, Life, ReceiptCopy
from transactions.operations import change_status, rotate_terminal_token
from transactions.queries import copies_of
from transactions.throttling import CopyThrottle

Flush = Callable[[], Any]


@pytest.fixture
def code(till: Till, flush_everything: Flush) -> str:
    sold = str(till.send().json()["code"])
    flush_everything()
    return sold


def copy(till: Till, code: str, number: int = 1, *, token: str | None = None, body: bytes | None = None) -> Response:
    asked = b'{"request":"random-text-%05d"}' % number if body is None else body
    path = f"/api/v1/receipts/{code}/copies"
    return request("POST", path, asked, HTTP_AUTHORIZATION=f"Bearer {token or till.token}")


def test_each_copy_is_counted_once_whoever_prints_it(till: Till, code: str) -> None:
    other = Till(make_terminals(make_store(till.terminal.store.retailer))[0])
    assert copies_of(code) == 0
    first = copy(till, code, 1)
    assert (first.status, first.json()) == (201, {"copies": 1})
    assert copy(other, code.lower().replace("-", ""), 2).json() == {"copies": 2}
    assert copy(till, code, 3, token=till.gateway_token).json() == {"copies": 3}
    for number in (1, 2, 3):
        again = copy(till, code, number)
        assert (again.status, again.json()) == (200, {"copies": number})
    assert copies_of(code) == 3
    assert list(ReceiptCopy.objects.values_list("terminal", flat=True)) == [till.number, other.number, None]
    assert copies_of("nonsense") == 0


def test_copies_at_the_same_moment_get_numbers_of_their_own(till: Till, code: str) -> None:
    def send(number: int) -> Response:
        try:
            return copy(till, code, number // 2)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(send, range(12)))
    assert sorted(answer.status for answer in said) == [200] * 6 + [201] * 6
    assert sorted(answer.json()["copies"] for answer in said) == sorted([*range(1, 7), *range(1, 7)])


def test_a_receipt_that_is_not_recorded_yet_can_be_copied_at_once(till: Till) -> None:
    assert copy(till, till.send().json()["code"]).json() == {"copies": 1}
    sold = till.send().json()["code"]
    till.send_batch(till.sales(10))
    # Neither among the latest that the state remembers, nor in the ledger.
    waiting = copy(till, sold)
    assert (waiting.status, waiting.headers["Retry-After"]) == (503, "1")


def test_only_receipts_of_the_own_retailer_are_there(till: Till, rival: Till, code: str) -> None:
    place = table().decode(code)
    never = table().encode(place.environment, place.day, till.number, 4711)
    training = till.send(till.sale(mode="training")).json()["code"]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    document = description()
    for sender, asked in ((rival, code), (till, never), (till, training), (till, wrong), (till, "x")):
        answer = copy(sender, asked)
        assert (answer.status, answer.json()["type"]) == (404, "urn:possys:problem:no-such-receipt")
        said = answer_schema(document, "/api/v1/receipts/{code}/copies", "post", 404)
        assert faults(answer.json(), said, document) == []
    assert copy(rival, code, token=rival.gateway_token).status == 404
    assert not ReceiptCopy.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b"{}", ["/request"]),
        (b'{"request":"short","more":1}', ["/request", "/more"]),
        (b'{"request":"sixteen characters, but blanks"}', ["/request"]),
        (b"[]", [""]),
        (b"{", [""]),
    ],
)
def test_what_is_wrong_with_a_request_is_named(till: Till, code: str, body: bytes, pointers: list[str]) -> None:
    answer = copy(till, code, body=body)
    assert answer.status == 422
    assert sorted(answer.pointers) == sorted(pointers)
    assert not ReceiptCopy.objects.exists()


def test_who_may_not_sell_may_not_copy(till: Till, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert request("POST", f"/api/v1/receipts/{code}/copies", b"{}").status == 401
    old = till.token
    rotate_terminal_token(till.terminal)
    till.terminal.refresh_from_db()
    till.token = Till(till.terminal).token
    assert copy(till, code).status == 201
    assert copy(till, code, 2, token=old).json()["type"] == "urn:possys:problem:token-replaced"
    change_status(till.terminal, Life.SUSPENDED, reason="a thief")
    refused = copy(till, code, 2)
    assert (refused.status, refused.json()["detail"]) == (403, "The terminal is suspended.")
    allow(monkeypatch, CopyThrottle, 0)
    assert copy(till, code, 2).status == 429


def test_copies_are_bounded(till: Till, code: str) -> None:
    assert copy(till, code).status == 201
    first = ReceiptCopy.objects.get()
    ReceiptCopy.objects.create(
        original=first.original, issued_on=first.issued_on, number=COPIES_MAX, request="x" * 16, at=first.at
    )
    assert copy(till, code, 2).pointers == ["/request"]
    assert copy(till, code, 1).status == 200


def test_nothing_of_a_receipt_changes_by_what_comes_after_it(till: Till, flush_everything: Flush) -> None:
    refunded, voided = (str(till.send().json()["code"]) for _ in range(2))
    flush_everything()
    catch_up()

    def kept(code: str) -> tuple[bytes, bytes]:
        place = table().decode(code)
        found = find_recorded(place.terminal, place.sequence, place.day)
        assert isinstance(found, Recorded)
        return found.raw, found.sealed.header

    before = {code: (*kept(code), proof_of(code)) for code in (refunded, voided)}
    for sequence, kind, code in ((3, "refund", refunded), (4, "void", voided)):
        taken = till.send(make_refund(code, terminal=till.number, sequence=sequence, type=kind))
        assert taken.status == 201
        assert copy(till, code).status == 201
    flush_everything()
    for code, (raw, header, proof) in before.items():
        assert kept(code) == (raw, header)
        # Against the checkpoint of then; a later one has more leaves beside the same record.
        assert proof_of(code) == proof
    catch_up()
    assert {code: kept(code) for code in before} == {code: values[:2] for code, values in before.items()}
    for change in (lambda: ReceiptCopy.objects.update(number=1), lambda: ReceiptCopy.objects.all().delete()):
        with pytest.raises(DatabaseError, match="only added to"):
            change()
