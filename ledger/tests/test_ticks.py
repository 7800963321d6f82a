"""When a shard is due, and that a group goes on being flushed whatever happens to its servers."""

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from ledger import copying, ticks
from ledger.models import Entry
from ledger.queries import health
from ledger.shards import ALL_SHARDS, group
from ledger.tasks import Hold
from ledger.ticks import DUE_AGE_S, DUE_RECORDS, Poller
from possys.redis import connect
from tests.tills import Till
from transactions.stream import SHARD_COUNT, head_key, shard_of


def test_a_shard_is_due_when_its_oldest_record_has_waited_long_enough(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("ledger.ticks.time.monotonic", lambda: now[0])
    poller = Poller(ALL_SHARDS)
    assert poller.due() == []
    till.send()
    assert poller.due() == []
    now[0] += DUE_AGE_S - 0.01
    assert poller.due() == []
    now[0] += 0.02
    assert poller.due() == [shard_of(till.number)]


def test_a_shard_is_due_at_once_when_enough_records_wait(till: Till) -> None:
    poller = Poller(ALL_SHARDS)
    for _ in range(2):
        till.send_batch(till.sales(DUE_RECORDS // 2 - 1))
    assert poller.due() == []
    till.send_batch(till.sales(2))
    assert poller.due() == [shard_of(till.number)]


def test_what_was_flushed_is_not_due(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("ledger.ticks.time.monotonic", lambda: now[0])
    poller = Poller(ALL_SHARDS)
    till.send()
    poller.due()
    now[0] += DUE_AGE_S
    assert poller.flush_due().records == 1
    now[0] += DUE_AGE_S
    assert poller.due() == []


def test_a_tick_flushes_its_own_group_only_and_ends_when_it_loses_its_hold(till: Till) -> None:
    till.send_batch(till.sales(5))
    own = shard_of(till.number) % 2
    rounds = iter([True] * 12 + [False])
    others = ticks.run(group(1 - own, 2), hold=iter([True, False]).__next__, tick_s=60)
    assert others.records == 0
    assert ticks.run(group(own, 2), hold=rounds.__next__, tick_s=60).records == 5
    assert Entry.objects.count() == 5


def test_a_tick_waits_out_a_database_that_drops_the_connection(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "FAULT_PAUSE_S", 0.01)
    monkeypatch.setattr(ticks, "DUE_AGE_S", 0.0)
    till.send_batch(till.sales(3))
    killed: list[bool] = []
    copy_entries = copying.copy_entries

    def kill_first(cursor: CursorWrapper, rows: list[bytes]) -> None:
        if not killed:
            killed.append(True)
            end_backend()
        copy_entries(cursor, rows)

    monkeypatch.setattr(copying, "copy_entries", kill_first)
    assert ticks.run(ALL_SHARDS, hold=iter([True] * 5 + [False]).__next__, tick_s=60).records == 3
    assert Entry.objects.count() == 3


def end_backend() -> None:
    """Has the server end this process's connection, as a crash of PostgreSQL would."""
    pid = connection.connection.info.backend_pid
    own = settings.DATABASES["default"]
    with psycopg.connect(
        host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"], dbname=own["NAME"]
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_every_shard_is_in_exactly_one_group() -> None:
    for groups in (1, 2, 3, 7):
        shards = [shard for number in range(groups) for shard in group(number, groups)]
        assert sorted(shards) == list(range(SHARD_COUNT))


def test_one_task_holds_a_group_and_gives_it_up(store: redis.Redis) -> None:
    first, second = Hold(store, "group 1"), Hold(store, "group 1")
    assert first()
    assert first()
    assert not second()
    assert Hold(store, "group 2")()
    second.release()
    assert not second()
    first.release()
    assert second()


def test_a_broker_that_is_away_stops_no_flush() -> None:
    assert Hold(connect("redis://127.0.0.1:1/0"), "group 1")()


def test_a_store_without_epoch_is_an_alarm_and_not_well(ledger: redis.Redis, caplog: pytest.LogCaptureFixture) -> None:
    ledger.hdel(head_key(5), "epoch")
    poller = Poller([4, 5])
    assert poller.due() == []
    assert poller.due() == []
    assert [record.message for record in caplog.records].count(
        "ALARM the store has no epoch for shards [5]: manage.py rebuild_store"
    ) == 1
    assert list(health().stopped) == [5]
