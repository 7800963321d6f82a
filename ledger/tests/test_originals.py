"""No more is taken back than was sold: two tills at once, lost answers, stores and ledger away, in every order."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.db import connection, connections

from ledger.corrections import corrections_of
from ledger.epochs import raise_epochs
from ledger.log.checkpointer import catch_up
from ledger.models import Correction, identity_of
from ledger.originals import find_original, original_or_away
from ledger.shards import ALL_SHARDS
from possys.codes import CodePlace, Environment
from possys.receipt_keys import table
from possys.redis import Stores
from tests.factories import make_line, make_refund, make_store, make_terminals, sale_bytes
from tests.keys import give_key
from tests.tills import Response, Till
from transactions import taking_back
from transactions.corrections import Original
from transactions.models import Life
from transactions.operations import change_status
from transactions.reservations import HELD_S, SETTLED_MS, WHATEVER_IS_HELD, held_key
from transactions.service import capture
from transactions.stream import SHARD_COUNT, Credential, CredentialKind, head_key, shard_of
from transactions.taking_back import RESERVE_ATTEMPTS_MAX, register_originals
from transactions.taking_back import Correction as Sent

Flush = Callable[[], Any]
# A port on which nobody listens, as of a store that is down.
NOBODY = "redis://127.0.0.1:1/0"
HALF = [make_line(quantity="-1.000", amount=-2550)]
LEFT = "are left of"


@pytest.fixture
def other(till: Till) -> Till:
    """A till of the same retailer in another store, and so in another shard."""
    found = Till(make_terminals(make_store(till.terminal.store.retailer))[0])
    assert shard_of(found.number) != shard_of(till.number)
    return found


@pytest.fixture
def code(till: Till, flush_everything: Flush) -> str:
    """A recorded sale of two litres of milk, 51.00."""
    sold = str(till.send().json()["code"])
    flush_everything()
    return sold


@pytest.fixture
def asked_otherwise() -> Iterator[Callable[[Callable[[CodePlace], Original | None]], None]]:
    """Has capture ask somebody else; afterwards the ledger again."""
    yield register_originals
    register_originals(original_or_away)


def back(till: Till, code: str, **changes: Any) -> bytes:
    """The till's next refund, of the whole unless `lines` say otherwise."""
    till.sequence += 1
    return sale_bytes(make_refund(code, terminal=till.number, sequence=till.sequence, **changes))


def warned(answer: Response) -> list[str]:
    assert answer.status == 201, answer.body
    return [warning["code"] for warning in answer.json()["warnings"] if warning["code"] != "sequence-gap"]


def held(store: redis.Redis, code: str) -> int:
    """How many refunds hold something of the sale."""
    found: Any = store.hlen(held_key(table().decode(code)))
    return max(0, int(found) - 1)


def test_what_is_left_is_enforced_before_and_after_the_ledger_has_it(
    till: Till, other: Till, code: str, flush_everything: Flush
) -> None:
    assert till.send(back(till, code, lines=HALF)).status == 201
    for flush in (lambda: None, flush_everything):
        flush()
        # Even what would have been too much before says what is left now.
        three = [make_line(quantity="-3.000", amount=-7650)]
        assert f"1 pcs and 25.50 {LEFT}" in other.send(back(other, code, lines=three)).json()["detail"]
        refused = other.send(back(other, code))
        assert refused.pointers == ["/lines/0/quantity", "/lines/0/amount", "/total"]
        assert f'1 pcs and 25.50 {LEFT} "Whole milk 1 l"' in refused.json()["detail"]
    assert other.send(back(other, code, lines=HALF)).status == 201
    assert "nothing is left" in till.send(back(till, code, lines=HALF)).json()["detail"]
    assert till.send(back(till, code, type="void")).pointers == ["/refers_to"]


def test_many_tills_at_the_same_moment_get_no_more_than_there_is(till: Till, code: str) -> None:
    tills = [Till(one) for one in make_terminals(make_store(till.terminal.store.retailer), 8)]
    together = threading.Barrier(len(tills))

    def send(one: Till) -> int:
        try:
            refund = back(one, code, lines=HALF)
            together.wait()
            while (status := one.send(refund).status) == 503:
                pass
            return status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tills)) as pool:
        assert sorted(pool.map(send, tills)) == [201, 201, *[422] * 6]


def test_where_others_are_always_quicker_it_is_sent_again(
    till: Till, code: str, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservations = capture().corrections.reservations
    reserve, tries = reservations.reserve, 0

    def too_late(*args: Any, **kwargs: Any) -> Any:
        nonlocal tries
        tries += 1
        store.hincrby(held_key(table().decode(code)), "v", 1)
        return reserve(*args, **kwargs)

    refund = back(till, code)
    with monkeypatch.context() as others:
        others.setattr(reservations, "reserve", too_late)
        assert till.send(refund).status == 503
    assert tries == RESERVE_ATTEMPTS_MAX
    assert till.send(refund).status == 201


def test_the_same_bytes_are_the_same_refund_however_late_they_come_again(
    till: Till, other: Till, code: str, flush_everything: Flush
) -> None:
    refund = back(till, code, lines=HALF)
    first = till.send(refund)
    assert first.status == 201
    for step in (lambda: None, flush_everything, lambda: till.send_batch(till.sales(20)), flush_everything):
        step()
        again = till.send(refund)
        assert (again.status, again.json()["code"]) == (200, first.json()["code"])
    # Whatever it says: the identity is another sale's.
    assert till.send(refund.replace(b"sour", b"torn")).status == 409
    assert other.send(back(other, code, lines=HALF)).status == 201


def compare(till: Till, refund: bytes, sequence: int) -> Any:
    """What capture does before it appends, and no more: as when it dies in between."""
    digest = b"8 bytes."
    corrections = capture().corrections
    credential = Credential(CredentialKind.TERMINAL, till.number, till.terminal.key_version)
    sent = Sent(0, refund, till.number, sequence, False, digest)
    return corrections.compare([sent], credential, 1)


def test_what_died_before_it_was_appended_holds_its_part_until_it_comes_again(
    till: Till, other: Till, code: str, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = back(till, code)
    with monkeypatch.context() as dying:
        # The store takes the reservation, and then nobody hears of it any more.
        dying.setattr(capture(), "_send", lambda sales, *_: [capture()._send_again("not known", 1) for _ in sales])
        assert till.send(refund).status == 503
    assert held(store, code) == 1
    assert other.send(back(other, code)).status == 422
    assert till.send(refund).status == 201
    assert held(store, code) == 1
    left_s: Any = store.ttl(held_key(table().decode(code)))
    assert HELD_S - 60 < left_s <= HELD_S


def test_what_is_definitely_refused_gives_its_part_back(till: Till, other: Till, code: str, store: redis.Redis) -> None:
    change_status(till.terminal, Life.SUSPENDED, reason="a thief")
    assert till.send(back(till, code)).pointers == ["/terminal"]
    assert held(store, code) == 0
    assert other.send(back(other, code)).status == 201


def test_what_may_have_been_taken_meanwhile_keeps_its_part(till: Till, code: str, store: redis.Redis) -> None:
    refund = back(till, code)
    hold = compare(till, refund, till.sequence).holds[0]
    compare(till, refund, till.sequence)
    capture().corrections.reservations.release(hold)
    assert held(store, code) == 1
    # An attempt of a minute ago is over, and the state has not seen it.
    original = find_original(hold.original)
    assert original is not None
    reservations = capture().corrections.reservations
    sums = original.sums
    late_ms = SETTLED_MS + 2
    assert reservations.reserve(hold, version=WHATEVER_IS_HELD, retailer=1, sums=sums, now_ms=late_ms) is None
    reservations.release(hold)
    assert held(store, code) == 0


def test_a_flush_between_reading_and_reserving_loses_nothing_and_counts_nothing_twice(
    till: Till, other: Till, code: str, flush_everything: Flush, asked_otherwise: Any
) -> None:
    assert till.send(back(till, code, lines=HALF)).status == 201

    def read_then_flush(place: CodePlace) -> Original | None:
        found = original_or_away(place)
        flush_everything()
        return found

    asked_otherwise(read_then_flush)
    assert other.send(back(other, code)).status == 422
    assert other.send(back(other, code, lines=HALF)).status == 201
    assert till.send(back(till, code, lines=HALF)).status == 422


def test_a_sale_that_is_not_recorded_yet_is_waited_for(till: Till, flush_everything: Flush) -> None:
    sold = till.send().json()["code"]
    refund = back(till, sold)
    waiting = till.send(refund)
    assert (waiting.status, waiting.headers["Retry-After"]) == (503, "1")
    assert "still being recorded" in waiting.json()["detail"]
    flush_everything()
    assert till.send(refund).status == 201


def test_a_sale_that_the_store_lost_is_waited_for_as_long_as_it_may_come_back(
    ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    sale = till.sale()
    lost = till.send(sale).json()["code"]
    ledger.flushall()
    raise_epochs(ALL_SHARDS, reason="its disk died")
    refund = back(till, lost)
    waiting = till.send(refund)
    assert (waiting.status, waiting.headers["Retry-After"]) == (503, "5")
    assert "rebuilt lately" in waiting.json()["detail"]
    head = head_key(shard_of(till.number))
    ledger.hincrby(head, "started", -3601)
    refused = till.send(refund)
    assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/refers_to")
    ledger.hincrby(head, "started", 3601)
    assert till.send(sale).json()["code"] == lost
    flush_everything()
    assert till.send(refund).status == 201


def test_a_sale_in_the_same_batch_is_waited_for(till: Till, flush_everything: Flush) -> None:
    sale = till.sale()
    code = table().encode(Environment.PRODUCTION, date.fromisoformat(sale["issued_at"][:10]), till.number, 1)
    batch = [sale_bytes(sale), back(till, code)]
    for statuses in ([201, 503], [200, 503]):
        assert [item["status"] for item in till.send_batch(batch).json()["results"]] == statuses
    flush_everything()
    assert [item["status"] for item in till.send_batch(batch).json()["results"]] == [200, 201]


def test_a_sale_that_is_flushed_while_it_is_looked_for_is_found(
    till: Till, flush_everything: Flush, asked_otherwise: Any
) -> None:
    sold = till.send().json()["code"]

    def look_then_flush(place: CodePlace) -> Original | None:
        found = original_or_away(place)
        flush_everything()
        return found

    asked_otherwise(look_then_flush)
    assert till.send(back(till, sold)).status == 201


def test_a_signed_refund_is_compared_as_any(till: Till, code: str) -> None:
    key = give_key(till)
    assert till.send(key.signed(back(till, code, lines=HALF))).status == 201
    refused = till.send(key.signed(back(till, code)))
    assert refused.pointers == ["/lines/0/quantity", "/lines/0/amount", "/total"]
    # Unsigned, it is refused by the append, and holds nothing.
    unsigned = back(till, code, lines=HALF)
    assert till.send(unsigned).pointers == ["/signature"]
    assert till.send(key.signed(back(till, code, lines=HALF))).status == 201


def test_in_a_batch_each_is_compared_with_those_before_it_and_a_few_at_a_time(
    till: Till, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_back, "CORRECTIONS_A_CALL_MAX", 4)
    first, second, third, fourth = (back(till, code, lines=HALF) for _ in range(4))
    sales = [first, sale_bytes(till.sale()), first, second, third, fourth]

    def statuses() -> list[int]:
        return [item["status"] for item in till.send_batch(sales).json()["results"]]

    assert statuses() == [201, 201, 200, 201, 422, 503]
    assert statuses() == [200, 200, 200, 200, 422, 422]


def test_a_till_gone_wild_is_compared_only_so_often(
    till: Till, other: Till, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_back, "COMPARED_A_MINUTE_MAX", 1)
    wild = back(till, code, currency="EUR")
    # Two minutes may meet in these four.
    statuses = [till.send(wild) for _ in range(4)]
    assert {answer.status for answer in statuses} == {422, 503}
    assert 1 <= int(statuses[-1].headers.get("Retry-After", "60")) <= 60
    assert other.send(back(other, code)).status == 201


def test_a_store_or_a_ledger_that_is_away_is_said_and_what_happened_offline_is_kept(
    till: Till, code: str, flush_everything: Flush, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund, offline = back(till, code, lines=HALF), back(till, code, lines=HALF, mode="offline")
    reservations = capture().corrections.reservations
    with monkeypatch.context() as away:
        away.setattr(reservations, "stores", Stores([NOBODY], SHARD_COUNT))
        answer = till.send(refund)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert warned(till.send(offline)) == ["not-compared"]
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = 1
    try:
        answer = till.send(refund)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        second = back(till, code, lines=HALF, mode="offline")
        assert warned(till.send(second)) == ["not-compared"]
    finally:
        connection.settings_dict["PORT"] = port
        connection.close()
    # Both count as soon as the ledger has them, and the one that could reserve counted before.
    flush_everything()
    assert "nothing is left" in till.send(refund).json()["detail"]


def test_a_store_that_is_being_rebuilt_reserves_nothing(till: Till, other: Till, code: str, store: redis.Redis) -> None:
    store.hdel(head_key(shard_of(till.number)), "epoch")
    answer = other.send(back(other, code))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_what_was_given_back_offline_is_kept_with_a_word_and_counts(
    till: Till, other: Till, rival: Till, code: str, flush_everything: Flush
) -> None:
    assert warned(till.send(back(till, code, mode="offline"))) == []
    too_much = other.send(back(other, code, mode="offline"))
    assert warned(too_much) == ["more-than-left"]
    assert "nothing is left" in too_much.json()["warnings"][0]["detail"]
    assert other.send(back(other, code, lines=HALF)).status == 422
    assert warned(rival.send(back(rival, code, mode="offline"))) == ["not-of-the-receipt"]
    sold = till.send().json()["code"]
    assert warned(rival.send(back(rival, sold, lines=HALF, mode="offline"))) == ["not-compared"]
    assert warned(till.send(back(till, sold, lines=HALF, mode="offline"))) == ["not-compared"]
    assert till.send(back(till, sold, lines=HALF)).status == 503
    flush_everything()
    # Ours counts, the rival's does not.
    assert till.send(back(till, sold)).status == 422
    assert till.send(back(till, sold, lines=HALF)).status == 201
    assert len(corrections_of(identity_of(till.number, 1), table().decode(code).day)) == 2


def test_what_is_no_sale_of_the_same_retailer_is_not_taken_back(
    till: Till, rival: Till, code: str, flush_everything: Flush
) -> None:
    refused = rival.send(back(rival, code))
    assert refused.json()["errors"] == [{"pointer": "/refers_to", "detail": "is a receipt of another retailer"}]
    assert "left" not in refused.json()["detail"]
    # Nor does its gateway learn anything by naming our till.
    foreign = till.send(back(till, code), token=rival.gateway_token)
    assert foreign.pointers == ["/terminal"]
    assert till.send(back(till, code, currency="EUR")).pointers == ["/currency"]
    never = table().encode(table().decode(code).environment, table().decode(code).day, till.number, 4711)
    assert till.send(back(till, never)).json()["errors"] == [
        {"pointer": "/refers_to", "detail": "is no receipt that is recorded"}
    ]
    refund = till.send(back(till, code, lines=HALF)).json()["code"]
    flush_everything()
    assert till.send(back(till, refund)).json()["errors"] == [
        {"pointer": "/refers_to", "detail": "is a refund: only a sale can be taken back"}
    ]


def test_a_sale_that_the_law_had_removed_is_bound_by_its_total(till: Till, code: str, flush_everything: Flush) -> None:
    half = till.send(back(till, code, lines=HALF)).json()["code"]
    flush_everything()
    catch_up()
    for gone in (code, half):
        call_command("remove_record", gone, reason="court order 17 C 5/2026", yes=True)
    assert till.send(back(till, code)).pointers == ["/total"]
    assert till.send(back(till, code, lines=HALF)).status == 201


def test_a_void_takes_back_a_whole_receipt_once(till: Till, other: Till, code: str, flush_everything: Flush) -> None:
    assert other.send(back(other, code, type="void", lines=HALF)).pointers == ["/total", "/lines/0"]
    assert other.send(back(other, code, type="void")).status == 201
    assert till.send(back(till, code, type="void")).pointers == ["/refers_to"]
    flush_everything()
    assert till.send(back(till, code)).status == 422
    assert Correction.objects.count() == 1


def test_sales_and_training_ask_nobody(
    till: Till, code: str, asked_otherwise: Any, django_assert_num_queries: Any
) -> None:
    def asked(place: CodePlace) -> Original | None:
        raise AssertionError(place)

    test_code = till.send(till.sale(mode="training")).json()["code"]
    asked_otherwise(asked)
    with django_assert_num_queries(0):
        assert [item["status"] for item in till.send_batch(till.sales(20)).json()["results"]] == [201] * 20
        assert till.send(back(till, test_code, mode="training")).status == 201


def test_a_refund_costs_few_queries(
    till: Till, code: str, flush_everything: Flush, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        assert till.send(back(till, code, lines=HALF)).status == 201
    flush_everything()
    # One more for whose the known refund is, and one for its block.
    with django_assert_num_queries(5):
        assert till.send(back(till, code, lines=HALF)).status == 201
