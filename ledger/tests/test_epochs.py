"""A store that was wiped, a shard opened anew, and an old stream captured again: no sale is lost, none is doubled."""

from typing import Any

import pytest
import redis

from ledger.epochs import EpochError, make_heads, open_shards, raise_epoch, raise_epochs
from ledger.flush import flush_all
from ledger.models import Entry, EpochRaise, Head, MarkedRecord
from ledger.recovery import recover_stream
from ledger.shards import ALL_SHARDS
from tests.factories import make_terminals, moment, sale_bytes
from tests.tampering import triggers_off
from tests.tills import Till
from transactions.states import read_state
from transactions.stream import Mark, head_key, read_entry, read_heads, shard_of, stream_key, terminals_key


def shard(till: Till) -> int:
    return shard_of(till.number)


def wipe(client: redis.Redis) -> None:
    """What an operator finds after losing the store's disk."""
    client.flushall()


def statuses(answer: Any) -> list[int]:
    return [item["status"] for item in answer.json()["results"]]


def marks(client: redis.Redis, till: Till) -> dict[int, int]:
    """The marks of what waits, by sequence."""
    found: Any = client.xrange(stream_key(shard(till)))
    return {record.sequence: record.mark for _, fields in found for record, _ in read_entry(fields)}


def test_opening_gives_every_shard_its_first_epoch(transactional_db: None, store: redis.Redis) -> None:
    assert make_heads() == 64
    assert open_shards() == 64
    opened = [read_heads(store, [shard])[0] for shard in ALL_SHARDS]
    assert {(head.epoch, head.number, head.started_s, head.flushed) for head in opened} == {(1, 0, 0, 0)}
    assert set(Head.objects.values_list("announced_epoch", "epoch", "number")) == {(1, 0, 0)}
    assert EpochRaise.objects.count() == 64
    assert (make_heads(), open_shards()) == (0, 0)


def test_the_fixture_opens_shards_as_the_ledger_does(ledger: redis.Redis) -> None:
    def snapshot() -> Any:
        heads = {shard: ledger.hgetall(head_key(shard)) for shard in ALL_SHARDS}
        rows = list(Head.objects.order_by("shard").values_list("shard", "announced_epoch", "epoch", "number", "block"))
        raises = list(EpochRaise.objects.order_by("shard").values_list("shard", "epoch", "reason", "head_number"))
        return heads, rows, raises

    fixture = snapshot()
    ledger.flushall()
    with triggers_off():
        EpochRaise.objects.all().delete()
        Head.objects.all().delete()
    make_heads()
    open_shards()
    assert snapshot() == fixture


def test_a_wiped_store_is_not_opened_by_itself(ledger: redis.Redis, till: Till) -> None:
    till.send()
    flush_all([shard_of(till.terminal.number)])
    wipe(ledger)
    with pytest.raises(EpochError, match="announced epoch 1, the store has none"):
        open_shards()


def test_a_first_opening_that_was_cut_short_is_done_again(ledger: redis.Redis) -> None:
    wipe(ledger)
    assert open_shards() == len(ALL_SHARDS)
    assert {head.epoch for head in read_heads(ledger, ALL_SHARDS)} == {2}


def test_a_store_of_another_ledger_is_not_opened(ledger: redis.Redis) -> None:
    ledger.hset(head_key(3), "epoch", 7)
    with pytest.raises(EpochError, match="the store has 7"):
        open_shards()
    Head.objects.filter(shard=4).update(announced_epoch=0)
    with pytest.raises(EpochError, match="and 1 more"):
        open_shards()


def test_without_an_epoch_a_shard_asks_to_send_again_and_never_calls_a_terminal_unknown(
    ledger: redis.Redis, till: Till
) -> None:
    wipe(ledger)
    answer = till.send()
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["offline_allowed_hours"] > 0
    batch = till.send_batch(till.sales(3))
    assert batch.status == 503
    assert statuses(batch) == [503] * 3
    assert ledger.keys("*") == []


def test_without_an_epoch_a_question_is_answered_with_send_again(ledger: redis.Redis, till: Till) -> None:
    till.send()
    wipe(ledger)
    assert till.ask(1, moment()[:10]).status == 503


def test_only_the_shard_without_epoch_asks_to_send_again(ledger: redis.Redis, till: Till) -> None:
    from tests.factories import make_store

    other = Till(make_terminals(make_store(till.terminal.store.retailer))[0])
    ledger.hdel(head_key(shard(till)), "epoch")
    answer = till.send_batch([till.sale(), other.sale()], token=till.gateway_token)
    assert answer.status == 200
    assert statuses(answer) == [503, 201]
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_store_wiped_and_rebuilt_takes_everything_again_and_doubles_nothing(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(30)
    codes = [item["code"] for item in till.send_batch(sales).json()["results"]]
    flush_all(ALL_SHARDS)
    late = till.sales(5)
    codes += [item["code"] for item in till.send_batch(late).json()["results"]]
    # Flushed: 30. Acknowledged and lost with the store: 5, which the till still has.
    wipe(ledger)
    raise_epochs(ALL_SHARDS, "the disk was lost")
    again = till.send_batch([*sales, *late])
    assert statuses(again) == [201] * 35
    assert [item["code"] for item in again.json()["results"]] == codes
    assert set(marks(ledger, till).values()) == {Mark.CHECK}
    flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 35
    assert set(MarkedRecord.objects.values_list("kind", flat=True)) == {1}
    assert MarkedRecord.objects.count() == 30
    # The first sequence after a rebuild is its floor: there a resend is taken and compared again.
    once_more = till.send_batch([*sales, *late]).json()["results"]
    assert [item["status"] for item in once_more] == [201] + [200] * 34
    assert [item["code"] for item in once_more] == codes
    flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 35


def test_after_a_rebuild_resends_in_any_order_and_new_sales_between_them_double_nothing(
    ledger: redis.Redis, till: Till
) -> None:
    sales = till.sales(20, mode="offline")
    till.send_batch(sales)
    flush_all(ALL_SHARDS)
    wipe(ledger)
    raise_epochs(ALL_SHARDS, "wiped")
    new = till.sales(3, issued_at=moment(seconds=3600), mode="offline")
    for part in (new[:1], sales[10:], new[1:], sales[:10][::-1], new, sales):
        assert set(statuses(till.send_batch(part))) <= {200, 201, 503}
        flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 23
    assert set(MarkedRecord.objects.values_list("kind", flat=True)) <= {1}


def test_other_content_after_a_rebuild_becomes_a_conflict_at_the_flush(ledger: redis.Redis, till: Till) -> None:
    till.send(till.sale(sequence=1))
    flush_all(ALL_SHARDS)
    wipe(ledger)
    raise_epochs(ALL_SHARDS, "wiped")
    assert till.send(till.sale(sequence=1, operator="other")).status == 201
    flush_all(ALL_SHARDS)
    assert MarkedRecord.objects.get().get_kind_display() == "conflict"
    assert Entry.objects.count() == 1


def test_a_rebuild_keeps_suspensions_and_credentials(ledger: redis.Redis, till: Till, rival: Till) -> None:
    from transactions.authentication import mint_terminal_token
    from transactions.models import Life
    from transactions.operations import change_status, rotate_terminal_token

    change_status(rival.terminal, Life.SUSPENDED, reason="a test")
    version = rotate_terminal_token(till.terminal)
    wipe(ledger)
    raise_epochs(ALL_SHARDS, "wiped")
    assert rival.send().status == 422
    assert till.send().status == 401
    assert till.send(token=mint_terminal_token(till.number, version)).status == 201


def test_a_raise_flushes_what_waits_and_goes_on_in_the_next_epoch(ledger: redis.Redis, till: Till) -> None:
    till.send_batch(till.sales(4))
    raise_epoch(shard(till), "a drill")
    assert Entry.objects.count() == 4
    assert read_heads(ledger, [shard(till)])[0].epoch == 2
    assert till.send().status == 201
    flush_all(ALL_SHARDS)
    head = Head.objects.get(shard=shard(till))
    assert (head.announced_epoch, head.epoch, head.number, head.records) == (2, 2, 1, 5)
    assert EpochRaise.objects.get(shard=shard(till), epoch=2).reason == "a drill"


def test_a_raise_repeated_after_being_killed_half_way_is_done(ledger: redis.Redis, till: Till) -> None:
    till.send_batch(till.sales(3))
    # As after a kill behind the announcement: no epoch in the store, the stream still there.
    Head.objects.filter(shard=shard(till)).update(announced_epoch=2)
    with triggers_off():
        EpochRaise.objects.filter(shard=shard(till)).update(epoch=2)
    ledger.hdel(head_key(shard(till)), "epoch")
    raise_epoch(shard(till), "again")
    assert till.send().status == 201
    flush_all(ALL_SHARDS)
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (4, 0)


def test_a_raise_captures_again_what_a_stopped_stream_held(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(6)
    answers = [till.send(sale).json() for sale in sales]
    key = stream_key(shard(till))
    found: Any = ledger.xrange(key)
    ledger.xdel(key, found[2][0])
    assert shard(till) in flush_all(ALL_SHARDS).stopped
    recovered = raise_epoch(shard(till), "an entry is missing")
    assert (recovered.captured, recovered.refused) == (5, [])
    flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 5
    assert till.send(sales[2]).status == 201
    flush_all(ALL_SHARDS)
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (6, 0)
    again = [till.send(sale).json() for sale in sales]
    assert [(item["code"], item["received_at"]) for item in again if item["replayed"]][:2] == [
        (item["code"], item["received_at"]) for item in answers[:2]
    ]


def test_a_damaged_entry_is_not_thrown_away_by_a_raise(ledger: redis.Redis, till: Till) -> None:
    for _ in range(3):
        till.send()
    key = stream_key(shard(till))
    found: Any = ledger.xrange(key)
    ledger.delete(key)
    for at, (raw_id, fields) in enumerate(found):
        ledger.xadd(key, {**fields, b"d": fields[b"d"][:-9]} if at == 1 else fields, id=raw_id)
    recovered = raise_epoch(shard(till), "an entry is damaged")
    assert recovered.captured == 2
    assert len(recovered.damaged) == 1
    aside = [name for name in ledger.keys("*aside*") if ledger.type(name) == b"stream"]
    streams: list[Any] = [ledger.xrange(name) for name in aside]
    kept = [fields for stream in streams for _, fields in stream]
    assert any(fields[b"d"] == found[1][1][b"d"][:-9] for fields in kept)


def test_an_old_store_is_captured_again_with_its_first_time_of_receipt(ledger: redis.Redis, till: Till) -> None:
    sales = till.sales(12)
    first = till.send_batch(sales[:4]).json()["results"]
    flush_all(ALL_SHARDS)
    first += till.send_batch(sales[4:]).json()["results"]
    till.send(till.sale(sequence=12, operator="other"))
    key = stream_key(shard(till))
    old: Any = ledger.xrange(key)
    wipe(ledger)
    raise_epochs(ALL_SHARDS, "moved to a new store")
    till.send(sales[6])
    for raw_id, fields in old:
        ledger.xadd("old", fields, id=raw_id)
    recovered = recover_stream(ledger, "old", shard(till))
    assert (recovered.damaged, recovered.refused) == ([], [])
    # The anchor's four are in the ledger, one was sent again; seven and the conflict were missing.
    assert (recovered.known, recovered.captured) == (5, 8)
    twice = recover_stream(ledger, "old", shard(till))
    assert twice.refused == []
    flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 12
    # Up to the first sequence sent after the move, a resend is taken and compared again.
    again = till.send_batch(sales).json()["results"]
    assert [item["status"] for item in again] == [201] * 7 + [200] * 5
    assert [item["code"] for item in again] == [item["code"] for item in first]
    assert [item["received_at"] for item in again[7:]] == [item["received_at"] for item in first[7:]]
    flush_all(ALL_SHARDS)
    assert Entry.objects.count() == 12


def test_a_terminal_enrolled_after_a_rebuild_has_no_unknown_past(ledger: redis.Redis) -> None:
    raise_epochs(ALL_SHARDS, "wiped")
    fresh = Till(make_terminals()[0])
    assert fresh.send(fresh.sale(sequence=3)).json()["warnings"][0]["code"] == "sequence-gap"
    known = read_state(ledger, fresh.number)
    assert known is not None
    assert (known.floor, known.gaps) == (0, ((1, 2),))


def test_a_state_that_the_store_lost_is_made_as_one_with_an_unknown_past(ledger: redis.Redis, till: Till) -> None:
    from transactions.loading import load_terminals

    sale = sale_bytes(till.sale(sequence=5))
    till.send(sale)
    flush_all(ALL_SHARDS)
    ledger.hdel(terminals_key(shard(till)), str(till.number))
    load_terminals([till.terminal])
    assert till.send(sale).status == 201
    assert marks(ledger, till) == {5: Mark.CHECK}
    flush_all(ALL_SHARDS)
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (1, 1)
