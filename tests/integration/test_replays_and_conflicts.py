"""The same sale again, other sales under a known identity, gaps and late sales: answers and what is kept of them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.flush import flush_all
from ledger.models import Entry, MarkedRecord
from ledger.shards import ALL_SHARDS
from possys import clock
from tests.factories import moment, sale_bytes
from tests.throttles import allow
from tests.tills import Till
from transactions import service
from transactions.answers import Accepted
from transactions.states import TerminalState, read_state
from transactions.stream import (
    Credential,
    CredentialKind,
    Mark,
    read_entry,
    shard_of,
    stream_key,
)

RING = 8
GAPS_MAX = 16
EVIDENCE_MAX = 8


def records(client: redis.Redis, till: Till) -> list[tuple[int, int]]:
    """(sequence, mark) of everything that waits in the till's shard."""
    found: Any = client.xrange(stream_key(shard_of(till.number)))
    return [(record.sequence, record.mark) for _, fields in found for record, _ in read_entry(fields)]


def state(client: redis.Redis, till: Till) -> TerminalState:
    found = read_state(client, till.number)
    assert found is not None
    return found


def statuses(answer: Any) -> list[int]:
    return [item["status"] for item in answer.json()["results"]]


def test_the_same_sale_again_gets_the_same_answer(ledger: redis.Redis, till: Till) -> None:
    sale = till.sale()
    first, second = till.send(sale), till.send(sale)
    assert (first.status, second.status) == (201, 200)
    assert second.json() == {**first.json(), "replayed": True}
    assert records(ledger, till) == [(1, Mark.RECORD)]


def test_a_sale_sent_alone_and_in_a_batch_is_the_same_sale(ledger: redis.Redis, till: Till) -> None:
    sale = sale_bytes(till.sale())
    first = till.send(sale + b"\n")
    again = till.send_batch(b"[ " + sale + b" ]")
    assert (first.status, statuses(again)) == (201, [200])


def test_50_copies_at_once_are_one_sale(ledger: redis.Redis, till: Till) -> None:
    sale = sale_bytes(till.sale())
    capture, credential = service.capture(), Credential(CredentialKind.TERMINAL, till.number, 1)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: capture.take([sale], credential, clock.now_ms())[0], range(50)))
    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    assert len(accepted) == 50
    assert len({(answer.code, answer.received_at) for answer in accepted}) == 1
    assert [answer.replayed for answer in accepted].count(False) == 1
    assert records(ledger, till) == [(1, Mark.RECORD)]


def test_a_batch_sent_again_after_half_its_answers_were_lost_is_taken_once(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(8)
    first = till.send_batch(sales).json()["results"]
    more = till.sales(8)
    again = till.send_batch(sales[4:] + more)
    assert statuses(again) == [200] * 4 + [201] * 8
    assert [item["code"] for item in again.json()["results"][:4]] == [item["code"] for item in first[4:]]
    assert records(ledger, till) == [(sequence, Mark.RECORD) for sequence in range(1, 17)]


def test_an_old_sale_sent_again_before_the_flush_is_asked_for_later(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(RING + 3)
    till.send_batch(sales)
    answer = till.send(sales[0])
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["offline_allowed_hours"] > 0
    assert len(records(ledger, till)) == RING + 3


def test_an_old_sale_sent_again_after_the_flush_gets_its_code(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(100)
    first = till.send_batch(sales).json()["results"]
    flush_all(ALL_SHARDS)
    again = till.send_batch(sales)
    assert statuses(again) == [200] * 100
    assert [(item["code"], item["received_at"]) for item in again.json()["results"]] == [
        (item["code"], item["received_at"]) for item in first
    ]
    assert Entry.objects.count() == 100


def test_a_whole_batch_sent_again_after_the_flush_reads_its_block_once(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(40)
    codes = [item["code"] for item in till.send_batch(sales).json()["results"]]
    flush_all(ALL_SHARDS)
    sales[3] = sales[3].replace(b'"operator":"7"', b'"operator":"8"')
    with CaptureQueriesContext(connection) as queries:
        answer = till.send_batch(sales)
    assert [item.get("code") for item in answer.json()["results"]] == [*codes[:3], None, *codes[4:]]
    assert statuses(answer)[3] == 409
    assert sum("ledger_block" in query["sql"] for query in queries) <= 1


def test_an_old_sale_with_other_content_after_the_flush_is_a_conflict(ledger: redis.Redis, till: Till) -> None:
    till.send_batch(till.sales(20))
    flush_all(ALL_SHARDS)
    answer = till.send(till.sale(sequence=3, operator="8"))
    assert answer.status == 409
    flush_all(ALL_SHARDS)
    mark = MarkedRecord.objects.get()
    assert (mark.get_kind_display(), mark.sequence, mark.first_position) == ("conflict", 3, 2)
    assert Entry.objects.count() == 20


def test_an_old_sale_under_another_date_is_a_conflict_too(ledger: redis.Redis, till: Till) -> None:
    till.send_batch(till.sales(20))
    flush_all(ALL_SHARDS)
    assert till.send(till.sale(sequence=3, issued_at=moment(days=-2))).status == 409
    flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 20


def test_gaps_are_warned_of_and_late_sales_fill_them(ledger: redis.Redis, till: Till) -> None:
    assert [said["code"] for said in till.send(till.sale(sequence=10)).json()["warnings"]] == ["sequence-gap"]
    assert state(ledger, till).gaps == ((1, 9),)
    for sequence, gaps in ((5, ((1, 4), (6, 9))), (1, ((2, 4), (6, 9))), (9, ((2, 4), (6, 8)))):
        answer = till.send(till.sale(sequence=sequence, mode="offline"))
        assert answer.status == 201
        assert [said["code"] for said in answer.json()["warnings"]] == ["out-of-order"]
        assert state(ledger, till).gaps == gaps
    for sequence in (2, 3, 4, 6, 7, 8):
        assert till.send(till.sale(sequence=sequence, mode="offline")).status == 201
    assert state(ledger, till).gaps == ()
    assert {mark for _, mark in records(ledger, till)} == {Mark.RECORD}


def test_an_offline_backlog_in_reverse_order_is_taken(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(50, mode="offline")
    assert statuses(till.send_batch(sales[::-1])) == [201] * 50
    assert state(ledger, till).gaps == ()


def test_more_than_16_gaps_raise_the_floor_and_what_lies_below_is_checked_at_the_flush(
    ledger: redis.Redis, till: Till
) -> None:
    sales = {sequence: sale_bytes(till.sale(sequence=sequence)) for sequence in range(1, 42)}
    odd = [sales[sequence] for sequence in range(2, 41, 2)]
    assert statuses(till.send_batch(odd)) == [201] * 20
    now = state(ledger, till)
    assert len(now.gaps) == GAPS_MAX
    assert (now.floor, now.gaps[0]) == (7, (9, 9))
    # Below the floor: 3 was never sent, 4 was, and 6 comes with other content.
    other = till.sale(sequence=6, operator="other")
    assert statuses(till.send_batch([sales[3], sales[4], other])) == [201, 201, 201]
    assert records(ledger, till)[-3:] == [(3, Mark.CHECK), (4, Mark.CHECK), (6, Mark.CHECK)]
    flush_all(ALL_SHARDS)
    kinds = {mark.sequence: mark.get_kind_display() for mark in MarkedRecord.objects.all()}
    assert kinds == {4: "duplicate", 6: "conflict"}
    assert Entry.objects.count() == 21


def test_below_the_floor_duplicates_are_found_in_earlier_blocks_too(ledger: redis.Redis, till: Till) -> None:
    sales = {sequence: sale_bytes(till.sale(sequence=sequence)) for sequence in range(1, 42)}
    till.send_batch([sales[sequence] for sequence in range(2, 41, 2)])
    flush_all(ALL_SHARDS)
    till.send_batch([sales[3], sales[4], till.sale(sequence=6, operator="other", issued_at=moment(days=-1))])
    flush_all(ALL_SHARDS)
    kinds = {mark.sequence: (mark.get_kind_display(), mark.first_block) for mark in MarkedRecord.objects.all()}
    assert kinds == {4: ("duplicate", 1), 6: ("conflict", 1)}
    assert Entry.objects.count() == 21


def test_other_content_is_a_conflict_and_kept_as_evidence(ledger: redis.Redis, till: Till) -> None:
    first = till.send(till.sale(sequence=1))
    other = sale_bytes(till.sale(sequence=1, operator="other"))
    answer = till.send(other)
    assert answer.status == 409
    assert answer.pointers == ["/sequence"]
    assert first.json()["received_at"] in answer.json()["detail"]
    assert records(ledger, till) == [(1, Mark.RECORD), (1, Mark.CONFLICT)]
    found: Any = ledger.xrange(stream_key(shard_of(till.number)))
    assert read_entry(found[1][1])[0][1] == other
    # The first stays what it is.
    assert state(ledger, till).last == 1


def test_a_single_changed_byte_even_a_blank_is_other_content(till: Till) -> None:
    sale = sale_bytes(till.sale())
    till.send(sale)
    assert till.send(sale.replace(b",", b", ", 1)).status == 409


def test_evidence_is_kept_eight_times_a_terminal_and_day_and_then_only_counted(ledger: redis.Redis, till: Till) -> None:
    till.send(till.sale(sequence=1))
    for number in range(EVIDENCE_MAX + 4):
        assert till.send(till.sale(sequence=1, operator=f"o{number}")).status == 409
    assert len(records(ledger, till)) == 1 + EVIDENCE_MAX
    assert state(ledger, till).conflicts == EVIDENCE_MAX + 4
    flush_all(ALL_SHARDS)
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (1, EVIDENCE_MAX)


def test_the_same_identity_twice_in_a_batch_is_judged_in_order(ledger: redis.Redis, till: Till) -> None:
    first = sale_bytes(till.sale(sequence=1))
    second = sale_bytes(till.sale(sequence=1, operator="other"))
    third = sale_bytes(till.sale(sequence=2))
    assert statuses(till.send_batch([first, first, second, third, first, third])) == [201, 200, 409, 201, 200, 200]
    assert records(ledger, till) == [(1, Mark.RECORD), (1, Mark.CONFLICT), (2, Mark.RECORD)]


def test_the_highest_sequence_is_taken_and_remembered(ledger: redis.Redis, till: Till) -> None:
    sale = till.sale(sequence=2**29 - 1)
    assert till.send(sale).status == 201
    assert till.send(sale).status == 200
    assert state(ledger, till).gaps == ((1, 2**29 - 2),)


def test_a_token_may_be_rotated_and_a_terminal_suspended_without_forgetting_sales(
    ledger: redis.Redis, till: Till
) -> None:
    from transactions.models import Life
    from transactions.operations import change_status

    sale = till.sale(sequence=7)
    till.send(sale)
    before = state(ledger, till)
    change_status(till.terminal, Life.SUSPENDED, reason="a test")
    change_status(till.terminal, Life.ACTIVE, reason="a test")
    assert state(ledger, till) == before
    assert till.send(sale).status == 200


# --- lost answers -----------------------------------------------------------------------------------------------


def test_a_lost_answer_is_found_while_the_store_remembers(till: Till) -> None:
    sale = till.sale()
    first = till.send(sale).json()
    answer = till.ask(1, sale["issued_at"][:10])
    assert answer.status == 200
    assert answer.json() == {**first, "replayed": True}


def test_a_lost_answer_is_found_in_the_ledger_once_the_store_forgot(till: Till) -> None:
    day = moment()[:10]
    first = till.send_batch(till.sales(20)).json()["results"][2]
    assert till.ask(3, day).status == 503
    assert till.ask(3, day).headers["Retry-After"] == "1"
    flush_all(ALL_SHARDS)
    answer = till.ask(3, day)
    assert answer.status == 200
    assert (answer.json()["code"], answer.json()["received_at"]) == (first["code"], first["received_at"])


@pytest.mark.parametrize("flushed", [False, True])
def test_a_sale_never_taken_on_that_day_is_not_found(till: Till, flushed: bool) -> None:
    sale = till.sale(sequence=5)
    till.send(sale)
    if flushed:
        flush_all(ALL_SHARDS)
    day = sale["issued_at"][:10]
    assert till.ask(4, day).status == 404
    assert till.ask(6, day).status == 404
    assert till.ask(5, "2026-01-01").status == 404


@pytest.mark.parametrize(
    "day", ["", "today", "2026-13-01", "20261123", "2026-11-23T10:00:00Z", "2019-12-31", "9999-12-31"]
)
def test_a_question_without_a_right_day_is_a_clear_error(till: Till, day: str) -> None:
    till.send()
    assert till.ask(1, day).status in {400, 404}


@pytest.mark.parametrize("sequence", [0, 2**29, 10**30])
def test_a_question_for_an_impossible_sequence_finds_nothing(till: Till, sequence: int) -> None:
    assert till.ask(sequence, moment()[:10]).status == 404


def test_nobody_learns_of_another_terminals_sales(till: Till, rival: Till) -> None:
    till.send()
    day = moment()[:10]
    for token in (rival.token, rival.gateway_token, "nonsense"):
        answer = till.ask(1, day, token=token)
        assert answer.status in {401, 403, 404, 422}
        assert "code" not in answer.json()
    assert till.ask(1, day, token=till.gateway_token).status == 200


def test_a_rotated_token_is_told_so_when_it_asks(till: Till) -> None:
    from transactions.operations import rotate_terminal_token

    till.send()
    rotate_terminal_token(till.terminal)
    assert till.ask(1, moment()[:10]).status == 401


def test_questions_have_a_budget_of_their_own(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    from transactions.throttling import LookupThrottle

    allow(monkeypatch, LookupThrottle, 2)
    day = moment()[:10]
    assert [till.ask(1, day).status for _ in range(3)] == [404, 404, 429]
    assert till.send().status == 201
