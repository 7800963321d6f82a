"""Codes cannot be guessed: the limits of wrong ones, for one address and for all; and the page behind the QR code."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from possys.limits import Limit
from tests.tills import Response
from transactions import service
from transactions.enrolment import limits
from transactions.enrolment.codes import make_code
from transactions.enrolment.tests.conftest import ENROLMENTS, NewTill, post, selling
from transactions.models import Life, Terminal


def guess(address: str, code: str | None = None) -> Response:
    """One code from that address, invented unless one is given."""
    return post(ENROLMENTS, NewTill().body(code=code or make_code()), REMOTE_ADDR=address)


def test_one_address_has_few_wrong_codes(terminal: Terminal, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRONG_OF_CLIENT", Limit("few-wrong", 3, 3600, guards=True))
    assert [guess("10.0.0.1").status for _ in range(4)] == [404, 404, 404, 429]
    stopped = guess("10.0.0.1", code)
    assert stopped.status == 429
    assert int(stopped.headers["Retry-After"]) > 0
    assert guess("10.0.0.2", code).status == 201


def test_all_addresses_together_have_few_wrong_codes(
    terminal: Terminal, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRONG_OF_ALL", Limit("few-wrong-all", 3, 3600, guards=True))
    assert [guess(f"10.0.{number}.1").status for number in range(4)] == [404, 404, 404, 429]
    assert guess("10.9.9.9", code).status == 429
    terminal.refresh_from_db()
    assert terminal.status == Life.ENROLLED


def test_a_guess_hidden_among_other_faults_counts_too(
    terminal: Terminal, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRONG_OF_CLIENT", Limit("few-wrong-hidden", 1, 3600, guards=True))
    hidden = post(ENROLMENTS, NewTill().body(code=make_code(), serial=1), REMOTE_ADDR="10.0.0.1")
    assert hidden.pointers == ["/serial", "/code"]
    assert guess("10.0.0.1", code).status == 429


def test_typing_errors_and_used_codes_are_no_guesses(
    terminal: Terminal, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRONG_OF_CLIENT", Limit("no-wrong", 1, 3600, guards=True))
    typo = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert [guess("10.0.0.1", typo).status for _ in range(3)] == [422, 422, 422]
    assert guess("10.0.0.1", code).status == 201
    assert [guess("10.0.0.1", code).status for _ in range(3)] == [409, 409, 409]


def test_one_address_cannot_ask_without_end(terminal: Terminal, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUESTS_OF_CLIENT", Limit("few-requests", 2, 3600))
    assert [guess("10.0.0.1", "typo").status for _ in range(3)] == [422, 422, 429]


def test_the_page_behind_the_qr_code_says_nothing_of_the_code(terminal: Terminal, code: str) -> None:
    client = Client()
    texts = set()
    for symbols in (code.replace("-", ""), make_code().replace("-", ""), "x", code.lower()):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"/E/{symbols}")
        assert page.status_code == 200
        assert not [query for query in queries if "enrolment" in query["sql"]]
        texts.add(page.content)
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert len(texts) == 1
    assert b"Scan this code with the till" in texts.pop()
    assert client.post(f"/E/{code}").status_code == 405
    assert client.get(f"/e/{code}").status_code == 200


def test_the_store_away_means_ask_again_and_the_same_request_is_answered_once_it_is_back(
    terminal: Terminal, code: str, new_till: NewTill, settings: Any
) -> None:
    here = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    service.stores.cache_clear()
    service.capture.cache_clear()
    try:
        away = new_till.enrol(code)
    finally:
        settings.REDIS_URL = here
        service.stores.cache_clear()
        service.capture.cache_clear()
    assert (away.status, away.json()["type"]) == (503, "urn:possys:problem:send-again")
    assert int(away.headers["Retry-After"]) > 0
    again = new_till.enrol(code)
    assert again.status == 200
    assert selling(terminal, again.json()["token"]).send().status == 201
