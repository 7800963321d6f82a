"""A database restored to an earlier moment is filled up out of the capture store: the same blocks, one log, no fork."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from ledger import flush as flushing
from ledger import kept, ticks
from ledger.flush import Flushed
from ledger.log.checkpointer import catch_up, checkpoint_round
from ledger.log.models import Checkpoint, LogEntry, LogHead
from ledger.log.tail import keep_leaves, read_leaves, tail_paths
from ledger.models import Block, Entry, Head, MarkedRecord
from ledger.notices import notices_of, publish
from ledger.shards import ALL_SHARDS
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from possys.clock import now_ms, utc
from tests.factories import make_line, make_terminals
from tests.restoring import go_back, remember
from tests.tills import Till
from transactions.stream import head_key, kept_key, read_heads, read_kept, shard_of, stream_key

Flush = Callable[[], Flushed]


@pytest.fixture
def keeping(settings: Any) -> None:
    """Ten minutes are kept, and what is known of the store's memory is of this test's store."""
    settings.STREAM_KEPT_S = 600
    kept._looked.clear()


@pytest.fixture
def other(ledger: redis.Redis) -> Till:
    return Till(make_terminals()[0])


def blocks() -> list[tuple[int, bytes, bytes]]:
    """Every block's key, header and body."""
    return [(block.id, bytes(block.header), bytes(block.body)) for block in Block.objects.order_by("id")]


def ids(client: redis.Redis, till: Till) -> list[bytes]:
    found: Any = client.xrange(stream_key(shard_of(till.number)))
    return [raw_id for raw_id, _ in found]


def faults() -> list[str]:
    return [str(fault) for fault in verify(Scope(tuple(ALL_SHARDS))).tally.faults]


def test_what_was_flushed_lately_stays_in_the_stream_and_does_not_wait(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    for _ in range(3):
        till.send()
        flush_everything()
    assert ids(ledger, till) == [b"1-1", b"1-2", b"1-3"]
    assert read_heads(ledger, [shard_of(till.number)])[0].waiting == 0
    kept_of: Any = ledger.lrange(kept_key(shard_of(till.number)), 0, -1)
    headers = [bytes(block.header) for block in Block.objects.order_by("number")]
    assert [read_kept(element).header for element in kept_of] == headers


def test_what_is_old_enough_goes_but_for_the_anchor_before_what_is_kept(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush, settings: Any, monkeypatch: Any
) -> None:
    moment = now_ms()
    for later_s in (0, 10, 700, 720):
        monkeypatch.setattr("ledger.flush.now_ms", lambda later_s=later_s: moment + later_s * 1000)
        till.send()
        flush_everything()
    assert ids(ledger, till) == [b"1-2", b"1-3", b"1-4"]
    settings.STREAM_KEPT_S = 0
    till.send()
    flush_everything()
    assert ids(ledger, till) == [b"1-5"]
    assert not ledger.exists(kept_key(shard_of(till.number)))


def test_nothing_is_kept_once_memory_is_short(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    ledger.config_set("maxmemory", int(ledger.info("memory")["used_memory"] * 1.3))
    for _ in range(3):
        till.send()
        flush_everything()
    assert ids(ledger, till) == [b"1-3"]


def test_a_restored_ledger_gets_the_very_same_blocks_and_its_log_goes_on(
    keeping: None, ledger: redis.Redis, till: Till, other: Till, flush_everything: Flush
) -> None:
    till.send()
    flush_everything()
    catch_up()
    earlier = remember()
    first = till.sales(3)
    till.send_batch(first)
    other.send()
    flush_everything()
    catch_up()
    # A conflict is marked in its block, and a notice is a leaf between the blocks.
    till.send(till.sale(sequence=2, lines=[make_line(quantity="2.000", unit_price="2550", amount=5100)]))
    publish("lottery", "draw 3 frozen", "root 00ff, 3 tickets", now=utc(now_ms()))
    flush_everything()
    catch_up()
    before, leaves = blocks(), [bytes(entry.leaf) for entry in LogEntry.objects.all()]
    entries, marks = Entry.objects.count(), MarkedRecord.objects.count()
    assert marks == 1

    go_back(earlier)
    assert len(blocks()) == 1
    # What waits or comes meanwhile is sealed behind what was there.
    assert till.send(till.sale(sequence=9)).status == 201
    refused = checkpoint_round()
    assert "the flush fills them up" in refused.faults[0]
    assert LogHead.objects.get().size == earlier.log[0]
    flush_everything()
    assert len(blocks()) == len(before) + 1
    now = {key: (header, body) for key, header, body in blocks()}
    assert {key: now[key] for key, _, _ in before} == {key: (header, body) for key, header, body in before}
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (entries + 1, marks)
    done = catch_up()
    assert done.faults == []
    assert [bytes(entry.leaf) for entry in LogEntry.objects.all()][: len(leaves)] == leaves
    assert Checkpoint.objects.order_by("-size").first().size == len(leaves) + 1  # type: ignore[union-attr]
    assert [notice.index for notice in notices_of("lottery", "draw 3 frozen")] == [len(leaves) - 1]
    assert faults() == []


def test_a_block_is_made_again_although_its_flush_died_behind_the_commit_or_before_it(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush, monkeypatch: Any
) -> None:
    till.send()
    flush_everything()
    earlier = remember()
    till.send()
    with monkeypatch.context() as patch:
        patch.setattr(flushing, "trim", lambda blocks, moment_ms: None)
        flush_everything()
    till.send()
    flush_everything()
    before = blocks()
    go_back(earlier)
    flush_everything()
    assert blocks() == before
    till.send()

    def dies(name: str) -> None:
        if name == "flush.before-commit":
            raise OSError("died")

    with monkeypatch.context() as patch:
        patch.setattr(flushing, "reach", dies)
        with pytest.raises(OSError, match="died"):
            flush_everything()
    noted = read_kept(ledger.lindex(kept_key(shard_of(till.number)), -1)).header  # type: ignore[arg-type]
    till.send()
    flush_everything()
    assert [bytes(block.header) for block in Block.objects.order_by("number")][3] == noted
    assert (len(blocks()), faults()) == (5, [])


def test_what_was_filled_up_is_kept_again(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush, monkeypatch: Any
) -> None:
    till.send()
    flush_everything()
    earlier = remember()
    for _ in range(2):
        till.send()
        flush_everything()
    before = blocks()
    moment = now_ms()
    monkeypatch.setattr("ledger.flush.now_ms", lambda: moment + 3_600_000)
    for _ in range(2):
        go_back(earlier)
        flush_everything()
        assert blocks() == before
    assert ids(ledger, till) == [b"1-1", b"1-2", b"1-3"]


def test_a_shard_without_new_sales_is_filled_up_by_itself(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    till.send()
    flush_everything()
    earlier = remember()
    till.send()
    flush_everything()
    go_back(earlier)
    poller = ticks.Poller(list(ALL_SHARDS))
    assert poller.due() == [shard_of(till.number)]
    poller.flush_due()
    assert (Head.objects.get(shard=shard_of(till.number)).number, poller.due()) == (2, [])


def test_a_ledger_older_than_what_is_kept_stops_and_says_so(
    ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    till.send()
    flush_everything()
    earlier = remember()
    for _ in range(2):
        till.send()
        flush_everything()
    go_back(earlier)
    till.send()
    stopped = flush_everything().stopped
    assert "the database is older than what the stream keeps" in stopped[shard_of(till.number)]
    assert len(blocks()) == 1


def test_a_block_that_would_become_another_stops_its_shard(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    till.send()
    flush_everything()
    earlier = remember()
    till.send()
    flush_everything()
    key = kept_key(shard_of(till.number))
    element: Any = ledger.lindex(key, -1)
    root_at = element.index(b'"root":"') + 8
    ledger.lset(key, -1, element[:root_at] + b"00" + element[root_at + 2 :])
    go_back(earlier)
    stopped = flush_everything().stopped
    assert "would not be the one that was sealed before" in stopped[shard_of(till.number)]
    assert len(blocks()) == 1


def test_a_block_sealed_anew_is_refused_by_the_log_for_ever(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush, monkeypatch: Any
) -> None:
    till.send()
    flush_everything()
    catch_up()
    earlier = remember()
    till.send()
    flush_everything()
    signed = catch_up().checkpoint
    go_back(earlier)
    ledger.delete(kept_key(shard_of(till.number)))
    ledger.hset(head_key(shard_of(till.number)), "flushed", "1-1")
    moment = now_ms()
    monkeypatch.setattr("ledger.flush.now_ms", lambda: moment + 1000)
    flush_everything()
    assert "was sealed anew" in checkpoint_round().faults[0]
    assert signed is not None
    assert LogHead.objects.get().size < signed.size


def test_without_the_logs_tail_nothing_is_signed(
    keeping: None, ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    till.send()
    flush_everything()
    catch_up()
    earlier = remember()
    till.send()
    flush_everything()
    catch_up()
    go_back(earlier)
    for path in tail_paths():
        path.unlink(missing_ok=True)
    flush_everything()
    assert "the log's tail does not have leaf 2" in checkpoint_round().faults[0]


def test_the_tail_survives_a_cut_line_and_drops_its_oldest_leaves(
    till: Till, flush_everything: Flush, monkeypatch: Any
) -> None:
    for _ in range(2):
        till.send()
        flush_everything()
        catch_up()
    older, newer = tail_paths()
    newer.write_bytes(newer.read_bytes()[:-5])
    assert [one.place for one in read_leaves(0, 3)] == [0, 1]
    monkeypatch.setattr("ledger.log.tail.FILE_BYTES_MAX", 10)
    keep_leaves(2, 3)
    assert [one.place for one in read_leaves(0, 3)] == [0, 1, 2]
    assert (older.exists(), newer.exists()) == (True, False)
    keep_leaves(2, 3)
    assert [one.place for one in read_leaves(0, 3)] == []
    assert [one.leaf.leaf for one in read_leaves(2, 3)] == [bytes(LogEntry.objects.get(index=2).leaf)]
    assert Path(older).stat().st_size > 0
