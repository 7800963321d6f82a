"""What the store drops once the ledger has it, also when the first attempt went wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from ledger import kept
from ledger.archive.tests.runs import run_killed
from ledger.flush import flush_all
from ledger.models import Block
from ledger.shards import ALL_SHARDS
from tests.tills import Till
from transactions.stream import kept_key, read_heads, read_kept, shard_of, stream_key


@pytest.fixture
def full(ledger: redis.Redis) -> Iterator[redis.Redis]:
    """The store, to be left without any room by the test."""
    before = str(ledger.config_get("maxmemory")["maxmemory"])
    yield ledger
    ledger.config_set("maxmemory", before)


@pytest.mark.parametrize("kept_s", [0, 600])
def test_what_a_flush_committed_before_it_died_is_trimmed_without_another_sale(
    ledger: redis.Redis, till: Till, settings: Any, kept_s: int
) -> None:
    settings.STREAM_KEPT_S = kept_s
    kept._looked.clear()
    shard = shard_of(till.number)
    till.send()
    flush_all(ALL_SHARDS)
    till.send_batch(till.sales(3))
    run_killed("flush.after-commit", "flush", "--once")
    assert read_heads(ledger, [shard])[0].waiting == 3

    assert flush_all(ALL_SHARDS).records == 0
    assert read_heads(ledger, [shard])[0].waiting == 0
    entries: Any = ledger.xrange(stream_key(shard))
    elements: Any = ledger.lrange(kept_key(shard), 0, -1)
    found = [(one.entry_id, one.header) for one in map(read_kept, elements)]
    headers = [bytes(block.header) for block in Block.objects.order_by("number")]
    if kept_s:
        assert [raw_id for raw_id, _ in entries] == [b"1-1", b"1-4"]
        assert found == [("1-1", headers[0]), ("1-4", headers[1])]
    else:
        assert ([raw_id for raw_id, _ in entries], found) == ([b"1-4"], [])


def test_a_store_without_any_room_is_relieved_by_the_flush(full: redis.Redis, till: Till) -> None:
    shard = shard_of(till.number)
    for _ in range(2):
        till.send_batch(till.sales(200))
    used: Any = full.info("memory")["used_memory"]
    full.config_set("maxmemory", used // 2)
    assert till.send().status == 503
    assert flush_all(ALL_SHARDS).records == 400
    assert (full.xlen(stream_key(shard)), read_heads(full, [shard])[0].waiting) == (1, 0)
