"""Tills' own totals: every fault named at once, kept once, and only from who may send the terminal's sales."""

import json
from datetime import date
from typing import Any

import pytest
import redis

from accounting.days.models import TillTotals
from accounting.days.till_totals import TotalsRefused, read_totals
from tests.tills import Response, Till, request
from transactions.models import Life
from transactions.operations import change_status, rotate_terminal_token

TODAY = date(2026, 11, 24)
RIGHT = {
    "terminal": 64, "day": "2026-11-23", "currency": "CZK", "sales": 3, "refunds": 1, "voids": 0, "total": 10200,
    "payments": {"cash": 5100, "card": 5100},
}  # fmt: skip


def faults_of(body: bytes) -> dict[str, str]:
    with pytest.raises(TotalsRefused) as refused:
        read_totals(body, TODAY)
    return {fault.pointer: fault.detail for fault in refused.value.faults}


def written(**changes: Any) -> bytes:
    return json.dumps({**RIGHT, **changes}).encode()


def test_right_totals_are_read_and_the_same_figures_have_one_form() -> None:
    totals = read_totals(written(), TODAY)
    assert (totals.day, totals.total, totals.payments) == (date(2026, 11, 23), 10200, {"cash": 5100, "card": 5100})
    turned = json.dumps(dict(reversed(RIGHT.items())), indent=1).encode()
    assert read_totals(turned, TODAY).canonical() == totals.canonical()
    assert read_totals(written(total=10201), TODAY).canonical() != totals.canonical()
    assert read_totals(written(payments={}), TODAY).payments == {}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = written(
        terminal=2**27, day="2026-11-26", currency="CZX", sales=-1, refunds=1.0, voids=True, total=2**53,
        payments={"gold": 1, "cash": "5"}, extra=1,
    )  # fmt: skip
    assert faults_of(wrong).keys() == {
        "/terminal", "/day", "/currency", "/sales", "/refunds", "/voids", "/total", "/payments/gold", "/payments/cash",
        "/extra",
    }  # fmt: skip
    assert faults_of(b"{}").keys() == {f"/{name}" for name in RIGHT}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"), (b"[]", "object"), (b"\xff", "JSON"), (b"[" * 4000, "JSON"), (b'{"day":1,"day":2}', "twice"),
        (written(day="2026-02-30"), "day"), (written(day="2019-12-31"), "between"), (written(payments=[]), "object"),
        (b"9" * 4090, "object"),
    ],
)  # fmt: skip
def test_what_is_no_totals_at_all_is_refused_with_its_reason(body: bytes, word: str) -> None:
    assert any(word in detail for detail in faults_of(body).values())


def send(till: Till, token: str | None = None, **changes: Any) -> Response:
    body = json.dumps({**RIGHT, "terminal": till.number, "day": str(date.today()), **changes}).encode()  # noqa: DTZ011
    return request("POST", "/api/v1/till-totals", body, HTTP_AUTHORIZATION=f"Bearer {token or till.token}")


def test_totals_are_kept_once_from_the_till_and_from_its_gateway(till: Till) -> None:
    first, again = send(till), send(till, till.gateway_token)
    assert (first.status, first.json(), again.status, again.json()) == (
        201,
        {"replayed": False},
        200,
        {"replayed": True},
    )
    assert send(till, total=1).status == 201
    assert list(TillTotals.objects.order_by("id").values_list("total", flat=True)) == [10200, 1]


def test_nobody_sends_totals_of_another_terminal(till: Till, rival: Till) -> None:
    for token in (rival.token, rival.gateway_token):
        answer = send(till, token)
        assert (answer.status, answer.pointers) == (422, ["/terminal"])
    assert send(till, "t64.1.wrong").status == 401
    assert send(till, terminal=till.number + 64).pointers == ["/terminal"]
    assert not TillTotals.objects.exists()


def test_suspended_terminals_and_replaced_tokens_are_refused(till: Till, ledger: redis.Redis) -> None:
    change_status(till.terminal, Life.SUSPENDED, reason="a test")
    answer = send(till)
    assert (answer.status, answer.json()["errors"]) == (422, [{"pointer": "/terminal", "detail": "is suspended"}])
    rotate_terminal_token(till.terminal)
    assert send(till).status == 401
