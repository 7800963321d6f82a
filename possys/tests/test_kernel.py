"""The small modules of the kernel: money, the clock, problem documents, system checks, connections."""

import json
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.test import RequestFactory
from rest_framework.exceptions import NotAuthenticated, Throttled

from possys import checks, clock, money, problems, receipt_keys
from possys.redis import Stores, call_all, connect


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(10300, "CZK", "CZK\u00a0103.00"), (549, "USD", "$5.49"), (-5, "EUR", "-€0.05"), (500, "JPY", "¥500")],
)
def test_money_is_shown_with_the_currencys_own_digits(minor: int, currency: str, text: str) -> None:
    assert money.shown(minor, currency) == text


def test_money_in_major_units_is_exact() -> None:
    assert money.major(money.AMOUNT_MAX, "USD") == Decimal("90071992547409.91")
    assert money.major(1, "KWD") == Decimal("0.001")


def test_times_are_written_with_milliseconds_in_utc() -> None:
    assert clock.iso_utc(0) == "1970-01-01T00:00:00.000Z"
    assert clock.iso_utc(1_795_425_600_007) == "2026-11-23T09:20:00.007Z"
    assert clock.utc(1_795_425_600_007).isoformat() == "2026-11-23T09:20:00.007000+00:00"


def test_errors_of_the_framework_are_problem_documents() -> None:
    throttled = problems.exception_handler(Throttled(wait=2.4), {})
    assert throttled is not None
    assert (throttled.status_code, throttled["Retry-After"]) == (429, "3")
    assert throttled["Content-Type"] == "application/problem+json"
    assert json.loads(throttled.content)["type"] == "urn:possys:problem:throttled"
    unknown = problems.exception_handler(NotAuthenticated(), {})
    assert unknown is not None
    assert unknown["WWW-Authenticate"] == "Bearer"
    assert problems.exception_handler(ValueError("a fault of ours"), {}) is None


def test_a_server_error_tells_a_till_that_sending_again_is_safe() -> None:
    answer = problems.server_error(RequestFactory().get("/api/v1/transactions"))
    assert answer.status_code == 500
    assert "same bytes again is safe" in answer.content.decode()


def test_local_secrets_are_refused_in_production(settings: LazySettings) -> None:
    settings.SECRET_KEY = settings.LOCAL_SECRET_KEY
    settings.LOCAL_WORK = False
    settings.TERMINAL_KEY = settings.LOCAL_TERMINAL_KEY
    assert {fault.id for fault in checks.no_local_secrets(None)} == {"possys.E001"}
    settings.SECRET_KEY = settings.TERMINAL_KEY = settings.CODE_KEYS = settings.TEST_CODE_KEYS = "another"
    settings.LOG_KEY = f"PRIVATE+KEY+another,{settings.LOCAL_LOG_KEY}"
    assert [fault.msg.split()[0] for fault in checks.no_local_secrets(None)] == ["LOG_KEY"]
    settings.LOCAL_WORK = True
    assert checks.no_local_secrets(None) == []


@pytest.mark.parametrize(("name", "value", "fault"), [("TERMINAL_KEY", "00", "E002"), ("CODE_KEYS", "x", "E003")])
def test_keys_that_cannot_be_used_are_named(settings: LazySettings, name: str, value: str, fault: str) -> None:
    setattr(settings, name, value)
    receipt_keys.table.cache_clear()
    try:
        assert [found.id for found in checks.keys_are_usable(None)] == [f"possys.{fault}"]
    finally:
        receipt_keys.table.cache_clear()


def test_shards_are_shared_out_over_several_stores_in_equal_runs() -> None:
    stores = Stores(["redis://one:1/0", "redis://two:1/0"], 64)
    assert [stores.index(shard) for shard in (0, 31, 32, 63)] == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="names no store"):
        Stores([], 64)


def test_a_server_that_is_away_is_an_answer_for_every_command() -> None:
    replies = call_all(connect("redis://127.0.0.1:1/0"), [("PING",), ("PING",)])
    assert len(replies) == 2
    assert all(isinstance(reply, Exception) for reply in replies)
