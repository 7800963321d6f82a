"""Answers to tills name the newest checkpoint of the log, at no cost, and nothing about it can hurt a sale."""

from typing import Any

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tills import Till
from transactions import service
from transactions.api import CHECKPOINT_HEADER
from transactions.stream import CHECKPOINT_KEY, look_at, read_heads

SAID = f"1204 {'A' * 43}="


@pytest.fixture
def told(ledger: redis.Redis) -> redis.Redis:
    ledger.set(CHECKPOINT_KEY, SAID)
    return ledger


def look_again() -> None:
    service.capture().pressure.watched[0].looked_s = float("-inf")


def test_a_sale_its_replay_a_batch_and_a_refusal_name_the_checkpoint(told: redis.Redis, till: Till) -> None:
    sale = till.sale()
    for answer in (till.send(sale), till.send(sale), till.send_batch([till.sale()]), till.send(till.sale(total=1))):
        assert answer.headers[CHECKPOINT_HEADER] == SAID


def test_a_newer_checkpoint_is_named_after_the_next_look(told: redis.Redis, till: Till) -> None:
    till.send()
    newer = SAID.replace("1204", "1300")
    told.set(CHECKPOINT_KEY, newer)
    look_again()
    assert till.send().headers[CHECKPOINT_HEADER] == newer


def test_without_a_checkpoint_answers_name_none(till: Till) -> None:
    answer = till.send()
    assert answer.status == 201
    assert CHECKPOINT_HEADER not in answer.headers


@pytest.mark.parametrize(
    "value", ["", "no checkpoint", f"{SAID}\r\nX-Evil: 1", f" {SAID}", f"-{SAID}", SAID[:-1], "\u00e9", "9" * 4000]
)
def test_what_is_no_checkpoint_is_not_named_and_the_sale_is_taken(ledger: redis.Redis, till: Till, value: str) -> None:
    ledger.set(CHECKPOINT_KEY, value)
    answer = till.send()
    assert answer.status == 201
    assert CHECKPOINT_HEADER not in answer.headers


def test_a_key_of_another_kind_does_not_stop_sales(ledger: redis.Redis, till: Till) -> None:
    ledger.hset(CHECKPOINT_KEY, "field", "value")
    assert till.send().status == 201


def test_a_checkpoint_that_vanishes_stays_named(told: redis.Redis, till: Till) -> None:
    till.send()
    told.delete(CHECKPOINT_KEY)
    look_again()
    answer = till.send()
    assert (answer.status, answer.headers[CHECKPOINT_HEADER]) == (201, SAID)


def test_naming_it_costs_no_query_and_no_round_trip(told: redis.Redis, till: Till) -> None:
    till.send()
    till.send()
    before: Any = told.info("commandstats")
    with CaptureQueriesContext(connection) as queries:
        assert till.send().headers[CHECKPOINT_HEADER] == SAID
    after: Any = told.info("commandstats")
    assert len(queries) == 0
    assert after["cmdstat_get"]["calls"] == before["cmdstat_get"]["calls"]


def test_heads_read_with_the_checkpoint_are_the_same(told: redis.Redis) -> None:
    found = look_at(told, [0, 63])
    assert found.heads == read_heads(told, [0, 63])
    assert (found.checkpoint, found.outage) == (SAID, None)
