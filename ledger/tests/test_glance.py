"""`manage.py health`: all at a glance, whatever of it is away, and an exit code for whoever watches."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.db import connection

from ledger.backups.models import BackupRun
from ledger.database_metrics import least_days_ahead
from ledger.log.checkpointer import catch_up
from ledger.models import Block
from possys import health as possys_health
from possys.clock import now_ms, utc
from tests.tampering import triggers_off
from tests.tills import Till
from transactions import service
from transactions.stream import head_key, shard_of


def asked(*options: str) -> tuple[str, int]:
    out, code = StringIO(), 0
    try:
        call_command("health", *options, stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return out.getvalue(), code


@pytest.fixture(autouse=True)
def _looks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test before saw of the servers is not remembered."""
    monkeypatch.setattr(possys_health, "FRESH_S", -1.0)


@pytest.fixture
def database_away() -> Iterator[Callable[[], None]]:
    """Call it and PostgreSQL cannot be reached until the test ends."""
    port = connection.settings_dict["PORT"]

    def go(port: object = "1") -> None:
        connection.close()
        connection.settings_dict["PORT"] = port

    yield go
    go(port)


def test_a_system_that_flows_is_told_in_a_few_lines(till: Till, flush_everything: Callable[[], Any]) -> None:
    till.send_batch(till.sales(3))
    flush_everything()
    catch_up()
    till.send()
    text, code = asked()
    assert code == 0, text
    days = least_days_ahead("ledger_entry", utc(now_ms()).date())
    lines = dict(line.split(":", 1) for line in text.splitlines())
    assert lines["capture store"].strip().startswith("reachable, takes sales (")
    assert lines["waiting"].strip().startswith("1 records, the oldest for ")
    assert lines["in the ledger"].strip().startswith("3 records in 1 blocks, last sealed ")
    assert "nothing waits" in lines["checkpoint"]
    assert lines["partitions"].strip() == f"made {days} days ahead"
    assert "flush 0 of " in lines["workers"]
    said = json.loads(asked("--json")[0])
    assert (said["waiting"], said["records"], said["partition_days_ahead"], said["troubles"]) == (1, 3, days, [])
    assert 0 <= said["oldest_s"] < 60
    assert said["stores"][0]["max_bytes"] > said["stores"][0]["used_bytes"] > 0


def test_what_is_late_is_said_and_ends_with_1(
    till: Till, flush_everything: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    till.send()
    flush_everything()
    with triggers_off():
        Block.objects.update(sealed_at=utc(now_ms()) - timedelta(minutes=5))
    till.send()
    monkeypatch.setattr("ledger.glance.FLUSH_LATE", timedelta(0))
    text, code = asked()
    assert code == 1
    assert "LATE checkpoint: the oldest block has waited for 5 min to be signed" in text
    assert "LATE flush: the oldest sale has waited for " in text


def test_days_that_nobody_makes_are_said(ledger: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.glance.DAYS_AHEAD_LEAST", 1000)
    text, code = asked()
    assert (code, "LATE partitions" in text) == (1, True)


def test_the_age_of_the_last_good_backup_and_drill_is_said_and_late_ends_with_1(ledger: redis.Redis) -> None:
    def ended(kind: str, ago: timedelta, *, is_well: bool) -> None:
        moment = utc(now_ms()) - ago
        BackupRun.objects.create(
            kind=kind, started_at=moment, ended_at=moment, is_well=is_well, name="one", bytes=1, said="said"
        )

    text, code = asked()
    assert (code, "backups:       last good one never, last drill never" in text) == (0, True)
    ended("backup", timedelta(hours=7), is_well=True)
    ended("backup", timedelta(hours=1), is_well=False)
    ended("drill", timedelta(days=12), is_well=True)
    text, code = asked()
    assert (code, "backups:       last good one 7 h ago, last drill 12 days ago" in text) == (0, True)
    said = json.loads(asked("--json")[0])
    assert 7 * 3600 <= said["backup_age_s"] < 8 * 3600
    assert 12 <= said["drill_age_s"] / 86_400 < 13
    with triggers_off():
        BackupRun.objects.filter(kind="backup").update(ended_at=utc(now_ms()) - timedelta(days=3))
    text, code = asked()
    assert (code, text.splitlines()[-1]) == (1, "LATE backup: the last good one ended 3 days ago")


def test_postgresql_away_hides_nothing_of_the_stores(till: Till, database_away: Callable[[], None]) -> None:
    till.send_batch(till.sales(2))
    database_away()
    text, code = asked()
    assert code == 1
    assert "PostgreSQL:    NOT REACHABLE: " in text
    assert "waiting:       2 records, the oldest for " in text
    assert "capture store: reachable, takes sales" in text
    said = json.loads(asked("--json")[0])
    assert said["waiting"] == 2
    assert "fault" in said


def test_a_store_that_takes_nothing_is_said_with_why(ledger: redis.Redis, till: Till) -> None:
    ledger.config_set("appendfsync", "no")
    service.capture.cache_clear()
    text, code = asked()
    assert code == 1
    assert "TAKES NO SALES: The capture store could lose sales: appendfsync is 'no'" in text
    ledger.config_set("appendfsync", "always")
    service.capture.cache_clear()
    ledger.delete(head_key(shard_of(till.number)))
    text, _ = asked()
    assert f"STOPPED shard {shard_of(till.number)}: the store has lost its epoch" in text
