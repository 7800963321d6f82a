"""From the stream to the ledger: what is written, in what order, and what stops a shard."""

import logging
import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import redis
from django.db import connection

from ledger import flush as flushing
from ledger import intake
from ledger.blocks import (
    NO_HEADER_HASH,
    RAW_BYTES_MAX,
    RECORDS_MAX,
    Kind,
    header_hash,
    leaf_of,
    read_header,
    unpack_body,
)
from ledger.flush import flush, flush_all
from ledger.merkle import root
from ledger.models import Block, Entry, Head, MarkedRecord, identity_of
from ledger.partitions import existing_days
from ledger.queries import Recorded, find_recorded, health
from ledger.records import read, sale_bytes
from ledger.shards import ALL_SHARDS
from tests.factories import make_line, make_refund, make_terminals, moment
from tests.factories import sale_bytes as bytes_of
from tests.tills import Till
from transactions.stream import MARK_ROW, PAYLOAD, STATIC, entry_sha256, head_key, shard_of, stream_key, terminals_key


@pytest.fixture
def other(ledger: redis.Redis) -> Till:
    """A terminal in another shard than `till`'s."""
    return Till(make_terminals()[0])


def shard(till: Till) -> int:
    return shard_of(till.number)


def records_of(shard: int) -> list[bytes]:
    """All records of a shard's blocks, in order."""
    return [
        content
        for block in Block.objects.filter(shard=shard).order_by("number")
        for kind, content in unpack_body(bytes(block.body))
        if kind == Kind.RECORD
    ]


def check_chain(shard: int) -> None:
    """Holds a shard's blocks to DESIGN: links, roots, gapless numbers, and the head at their end."""
    previous = NO_HEADER_HASH.hex()
    number: dict[int, int] = {}
    blocks = list(Block.objects.filter(shard=shard).order_by("number"))
    for place, block in enumerate(blocks, start=1):
        raw = bytes(block.header)
        header = read_header(raw)
        positions = unpack_body(bytes(block.body))
        assert (header.block, header.shard, block.number) == (place, shard, place)
        assert header.previous == previous
        assert header.root == root([leaf_of(*position) for position in positions]).hex()
        assert (header.count, block.count) == (len(positions), len(positions))
        assert header.first_number == block.first_number == number.get(header.epoch, 0) + 1
        assert bytes(block.header_hash) == header_hash(raw)
        for position, (_, content) in enumerate(positions):
            record = read(content)
            assert (record.shard, record.epoch, record.number) == (shard, header.epoch, header.first_number + position)
        number[header.epoch] = header.first_number + len(positions) - 1
        previous = header_hash(raw).hex()
    head = Head.objects.get(shard=shard)
    assert (head.block, bytes(head.header_hash).hex()) == (len(blocks), previous)
    assert head.records == sum(block.count for block in blocks)


def test_each_shard_gets_one_block_of_what_waits(till: Till, other: Till) -> None:
    first, second = till.sales(3), other.sales(2)
    till.send_batch(first)
    for sale in second:
        other.send(sale)
    done = flush(ALL_SHARDS)
    assert (done.records, done.blocks, done.stopped) == (5, 2, {})
    assert [sale_bytes(record) for record in records_of(shard(till))] == first
    assert [sale_bytes(record) for record in records_of(shard(other))] == second
    assert flush(ALL_SHARDS).blocks == 0


def test_blocks_are_linked_and_numbers_have_no_gaps(till: Till) -> None:
    for size in (1, 7, 2):
        till.send_batch(till.sales(size))
        till.send(b"{}")
        flush_all(ALL_SHARDS)
    check_chain(shard(till))
    assert len(records_of(shard(till))) == 10


def test_a_record_carries_what_the_till_was_told(till: Till) -> None:
    answer = till.send().json()
    flush_all(ALL_SHARDS)
    record = read(records_of(shard(till))[0])
    assert (record.code, record.received_at) == (answer["code"], answer["received_at"])
    assert (record.retailer, record.store) == (till.terminal.store.retailer_id, till.terminal.store_id)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("T23:30:00-05:00", timedelta(days=1, hours=4, minutes=30)),
        ("T00:15:00.123+14:00", timedelta(hours=-13, minutes=-45, milliseconds=123)),
        ("T12:00:00Z", timedelta(hours=12)),
    ],
)
def test_an_entry_says_where_and_what_a_sale_is(till: Till, text: str, instant: timedelta) -> None:
    day = (datetime.now(UTC) - timedelta(days=3)).date()
    till.send()
    till.send(till.sale(issued_at=f"{day}{text}", lines=[make_line(quantity="-1", amount=-2550)]))
    flush_all(ALL_SHARDS)
    entry = Entry.objects.get(identity=identity_of(till.number, 2))
    assert (entry.terminal, entry.sequence, entry.shard) == (till.number, 2, shard(till))
    assert (entry.issued_on, entry.total, entry.type) == (day, -2550, 0)
    assert entry.issued_at == datetime(day.year, day.month, day.day, tzinfo=UTC) + instant
    assert (entry.block, entry.position, entry.store) == (1, 1, till.terminal.store_id)
    assert entry.sealed_on == Block.objects.get().sealed_on
    found = find_recorded(till.number, 2, day)
    assert isinstance(found, Recorded)
    assert found.raw == records_of(shard(till))[1]


def test_refunds_and_voids_are_entries_of_their_type(till: Till) -> None:
    codes = [till.send().json()["code"] for _ in range(2)]
    flush_all(ALL_SHARDS)
    for sequence, kind, code in ((3, "refund", codes[0]), (4, "void", codes[1])):
        assert till.send(make_refund(code, terminal=till.number, sequence=sequence, type=kind)).status == 201
    flush_all(ALL_SHARDS)
    rows = Entry.objects.order_by("identity").values_list("type", "total")
    assert list(rows) == [(0, 5100), (0, 5100), (1, -5100), (2, -5100)]


def test_the_largest_amounts_are_kept(till: Till) -> None:
    most = 2**53 - 1
    for sign in (1, -1):
        line = make_line(unit_price=None, amount=sign * most)
        taxes = [{"code": "A", "rate": None, "net": sign * most, "tax": 0}]
        assert till.send(till.sale(lines=[line], taxes=taxes)).status == 201
    flush_all(ALL_SHARDS)
    assert list(Entry.objects.order_by("identity").values_list("total", flat=True)) == [most, -most]


def test_days_are_made_on_demand(till: Till) -> None:
    days = [datetime.now(UTC).date() - timedelta(days=back) for back in (350, 351, 2)]
    for day in days:
        till.send(till.sale(issued_at=f"{day}T10:00:00Z"))
    flush_all(ALL_SHARDS)
    assert set(days) <= existing_days("ledger_entry", "default")
    assert set(Entry.objects.values_list("issued_on", flat=True)) == set(days)


def test_what_is_flushed_is_trimmed_but_for_the_anchor(ledger: redis.Redis, till: Till) -> None:
    for _ in range(5):
        till.send()
    flush_all(ALL_SHARDS)
    found: Any = ledger.xrange(stream_key(shard(till)))
    head = Head.objects.get(shard=shard(till))
    assert [raw_id for raw_id, _ in found] == [b"1-5"]
    assert (head.entry_id, bytes(head.entry_sha256)) == ("1-5", entry_sha256(found[0][1]))
    assert ledger.hget(head_key(shard(till)), "flushed") == b"1-5"
    assert health().waiting == 0


def test_a_block_ends_with_a_whole_stream_entry_and_at_4096_records(till: Till) -> None:
    # Neighbours in one shard, because a terminal's own rate would end earlier.
    tills = [till, *[Till(terminal) for terminal in make_terminals(till.terminal.store, 4)]]
    for _ in range(2):
        for each in tills:
            assert each.send_batch(each.sales(450)).status == 200
    flush_all(ALL_SHARDS)
    counts = list(Block.objects.order_by("number").values_list("count", flat=True))
    assert counts == [9 * 450, 450]
    assert max(counts) <= RECORDS_MAX
    check_chain(shard(till))


def test_a_block_holds_at_most_16_mb(till: Till) -> None:
    for _ in range(5):
        sales = [sale.replace(b"{", b"{" + b" " * 64_000, 1) for sale in till.sales(60)]
        assert till.send_batch(sales).status == 200
    flush_all(ALL_SHARDS)
    sizes = list(Block.objects.values_list("raw_bytes", flat=True))
    assert len(sizes) == 2
    assert max(sizes) <= RAW_BYTES_MAX
    check_chain(shard(till))


# --- two at once ------------------------------------------------------------------------------------------------


def test_two_flushes_of_one_shard_at_once_write_every_record_once(till: Till, other: Till) -> None:
    for _ in range(6):
        till.send_batch(till.sales(50))
        other.send()
        start = Barrier(4)

        def run(_: int, start: Barrier = start) -> int:
            start.wait()
            try:
                return flush(ALL_SHARDS).records
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(run, range(4)))
    flush_all(ALL_SHARDS)
    check_chain(shard(till))
    check_chain(shard(other))
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (306, 0)


def test_two_flushes_that_race_for_a_new_day_make_it_once(till: Till, other: Till) -> None:
    day = datetime.now(UTC).date() - timedelta(days=222)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS ledger_entry_{day:%Y%m%d}")
    flushing._days.clear()
    for each in (till, other):
        assert each.send(each.sale(issued_at=f"{day}T10:00:00Z")).status == 201
    start = Barrier(2)

    def run(each: Till) -> int:
        start.wait()
        try:
            return flush([shard(each)]).records
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, (till, other))) == [1, 1]
    assert Entry.objects.filter(issued_on=day).count() == 2


# --- what stops a shard -----------------------------------------------------------------------------------------


Fields = dict[Any, Any]


def replace_entry(client: redis.Redis, till: Till, raw_id: str, fields: Fields | None) -> None:
    """Rewrites the till's stream with one entry exchanged, or left out."""
    key = stream_key(shard(till))
    found: Any = client.xrange(key)
    client.delete(key)
    for at, old in found:
        new = old if at.decode() != raw_id else fields
        if new is not None:
            client.xadd(key, new, id=at)


def entry(client: redis.Redis, till: Till, raw_id: str) -> Fields:
    """An entry of the till's stream."""
    found: Any = client.xrange(stream_key(shard(till)), raw_id, raw_id)
    fields: Fields = found[0][1]
    return fields


def assert_only_this_shard_stops(till: Till, other: Till, caplog: pytest.LogCaptureFixture) -> str:
    """Flushes, and holds that the till's shard stopped with an alarm while the other one went on; answers why."""
    before = Head.objects.get(shard=shard(till))
    with caplog.at_level(logging.ERROR):
        done = flush(ALL_SHARDS)
    head = Head.objects.get(shard=shard(till))
    assert (head.block, head.number, head.records) == (before.block, before.number, before.records)
    assert list(done.stopped) == [shard(till)]
    assert head.stopped_reason == done.stopped[shard(till)]
    assert head.stopped_at is not None
    assert any("ALARM" in record.message for record in caplog.records)
    assert health().stopped == done.stopped
    assert Head.objects.get(shard=shard(other)).records == 1
    return head.stopped_reason


@pytest.fixture
def waiting(till: Till, other: Till) -> None:
    """Three records of the till wait, in entries of their own, and one of the other."""
    for _ in range(3):
        assert till.send().status == 201
    assert other.send().status == 201


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    "damage",
    [
        lambda m, d: (m, d[:-1]),
        lambda m, d: (m, d[:20]),
        lambda m, d: (m, b""),
        lambda m, d: (m, d + b"\x00"),
        lambda m, d: (m, d + d),
        lambda m, d: (m + m, d + d),
        lambda m, d: (m[:-1], d),
        lambda m, d: (b"", d),
        lambda m, d: (b"", b""),
        lambda m, d: (m, struct.pack(">I", 2**31) + d[4:]),
    ],
    ids=[
        "cut in the sale",
        "cut",
        "empty",
        "longer",
        "more",
        "doubled",
        "mark cut",
        "no mark",
        "nothing",
        "wrong length",
    ],
)
def test_a_damaged_entry_stops_that_shard_only(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture, damage: Any
) -> None:
    old = entry(ledger, till, "1-2")
    m, d = damage(old[b"m"], old[b"d"])
    replace_entry(ledger, till, "1-2", {b"m": m, b"d": d})
    assert "1-2" in assert_only_this_shard_stops(till, other, caplog)
    assert ledger.xlen(stream_key(shard(till))) == 3


def with_field(fields: Fields, part: bytes, place: int, value: int) -> Fields:
    """An entry of one record with one field of its head exchanged (see PAYLOAD and MARK_ROW in transactions.stream)."""
    form = PAYLOAD if part == b"d" else MARK_ROW
    values = list(form.unpack_from(fields[part]))
    values[place] = value
    return {**fields, part: form.pack(*values) + fields[part][form.size :]}


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    ("part", "place", "value"),
    [
        (b"m", 0, 9),
        (b"m", 2, 2**32 - 1),
        (b"d", 1, 2**63),
        (b"d", 2, 1),
        (b"d", 4, 16383),
        (b"d", 4, 65535),
        (b"d", 5, 250),
        (b"d", 6, 2**62),
    ],
    ids=["mark", "store", "received at", "terminal", "far day", "no day", "type", "issued at"],
)
def test_an_entry_with_an_impossible_field_stops_that_shard_only(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture, part: bytes, place: int, value: int
) -> None:
    replace_entry(ledger, till, "1-2", with_field(entry(ledger, till, "1-2"), part, place, value))
    assert_only_this_shard_stops(till, other, caplog)


@pytest.mark.usefixtures("waiting")
def test_an_entry_of_another_form_stops_that_shard_only(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.xadd(stream_key(shard(till)), {"x": "y"}, id="1-4")
    assert_only_this_shard_stops(till, other, caplog)


@pytest.mark.usefixtures("waiting")
def test_a_stream_of_another_type_stops_that_shard_only(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.delete(stream_key(shard(till)))
    ledger.set(stream_key(shard(till)), "nonsense")
    assert_only_this_shard_stops(till, other, caplog)


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("missing", ["1-1", "1-2"])
def test_a_missing_number_stops_that_shard_only(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture, missing: str
) -> None:
    replace_entry(ledger, till, missing, None)
    assert "should follow" in assert_only_this_shard_stops(till, other, caplog)


def test_a_hole_wider_than_one_reading_stops_the_shard(ledger: redis.Redis, till: Till) -> None:
    till.send()
    flush_all(ALL_SHARDS)
    ledger.xadd(stream_key(shard(till)), entry(ledger, till, "1-1"), id="1-9000")
    done = flush([shard(till)])
    assert "number 2 should follow" in done.stopped[shard(till)]


def test_a_store_wiped_below_the_head_stops_that_shard_only(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture
) -> None:
    till.send_batch(till.sales(3))
    flush_all(ALL_SHARDS)
    ledger.delete(stream_key(shard(till)))
    other.send()
    assert "gone" in assert_only_this_shard_stops(till, other, caplog)


def test_a_store_that_went_back_in_time_stops_the_shard(ledger: redis.Redis, till: Till) -> None:
    till.send()
    old = entry(ledger, till, "1-1")
    till.send()
    flush_all(ALL_SHARDS)
    ledger.delete(stream_key(shard(till)))
    ledger.xadd(stream_key(shard(till)), old, id="1-1")
    done = flush([shard(till)])
    assert "lost its tail or is an old one" in done.stopped[shard(till)]


def test_an_exchanged_entry_at_the_head_stops_the_shard(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture
) -> None:
    till.send()
    flush_all(ALL_SHARDS)
    old = entry(ledger, till, "1-1")
    replace_entry(ledger, till, "1-1", {**old, b"d": old[b"d"].replace(b'"operator":"7"', b'"operator":"9"')})
    till.send()
    other.send()
    assert "exchanged" in assert_only_this_shard_stops(till, other, caplog)


def test_an_epoch_that_was_not_announced_stops_the_shard(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.hset(head_key(shard(till)), mapping={"epoch": 2, "number": 0})
    till.send()
    other.send()
    assert "announced" in assert_only_this_shard_stops(till, other, caplog)


@pytest.mark.usefixtures("waiting")
def test_a_shard_that_is_whole_again_goes_on(ledger: redis.Redis, till: Till) -> None:
    found: Any = ledger.xrange(stream_key(shard(till)))
    replace_entry(ledger, till, "1-2", None)
    assert flush([shard(till)]).stopped
    ledger.delete(stream_key(shard(till)))
    for raw_id, fields in found:
        ledger.xadd(stream_key(shard(till)), fields, id=raw_id)
    assert flush([shard(till)]).records == 3
    assert Head.objects.get(shard=shard(till)).stopped_reason == ""
    check_chain(shard(till))


# --- known sales ------------------------------------------------------------------------------------------------


def test_a_known_sale_that_capture_judged_new_is_marked_and_alarmed(
    ledger: redis.Redis, till: Till, other: Till, caplog: pytest.LogCaptureFixture
) -> None:
    sales = till.sales(3)
    till.send_batch(sales)
    flush_all(ALL_SHARDS)
    static = ledger.hget(terminals_key(shard(till)), str(till.number))
    assert isinstance(static, bytes)
    ledger.hset(terminals_key(shard(till)), str(till.number), static[: STATIC.size] + bytes(20))
    fourth = bytes_of(till.sale(sequence=4))
    changed = bytes_of(till.sale(sequence=3, operator="other"))
    assert [item["status"] for item in till.send_batch([*sales[:2], changed, fourth]).json()["results"]] == [201] * 4
    other.send()
    with caplog.at_level(logging.ERROR):
        done = flush_all(ALL_SHARDS)
    assert (done.records, done.stopped) == (5, {})
    assert any("ALARM" in record.message for record in caplog.records)
    marks = {mark.sequence: mark.get_kind_display() for mark in MarkedRecord.objects.all()}
    assert marks == {1: "duplicate", 2: "duplicate", 3: "conflict"}
    assert Entry.objects.count() == 5
    found = find_recorded(till.number, 3, datetime.fromisoformat(moment()).date())
    assert isinstance(found, Recorded)
    assert sale_bytes(found.raw) == sales[2]
    check_chain(shard(till))


def test_a_block_of_marked_records_only_is_sealed_without_entries(ledger: redis.Redis, till: Till) -> None:
    till.send(till.sale(sequence=1))
    flush_all(ALL_SHARDS)
    till.send(till.sale(sequence=1, operator="other"))
    flush_all(ALL_SHARDS)
    assert (Block.objects.count(), Entry.objects.count(), MarkedRecord.objects.count()) == (2, 1, 1)
    check_chain(shard(till))


def test_a_sale_that_comes_between_two_looks_stops_nothing(
    ledger: redis.Redis, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake._check_nothing_skipped

    def late(*args: Any) -> None:
        till.send()
        real(*args)

    monkeypatch.setattr(intake, "_check_nothing_skipped", late)
    assert intake._read(ledger, shard(till), 1, 0, 10) is None
    monkeypatch.undo()
    assert flush_all([shard(till)]).records == 1


def test_a_partition_that_went_away_is_made_again(ledger: redis.Redis, till: Till) -> None:
    till.send()
    flush_all([shard(till)])
    day = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE "ledger_entry_{day:%Y%m%d}"')
    till.send()
    assert flush_all([shard(till)]).records == 1
