"""What the ledger tells Prometheus, also when its database is away."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from ledger.database_metrics import days_ahead
from ledger.log.checkpointer import catch_up
from ledger.log.models import Checkpoint, LogHead, VerificationRun, WitnessContact
from ledger.log.notes import WITNESS_KEY, new_signer
from ledger.models import Head
from ledger.tasks import CHECKPOINTER, flush_key
from possys import metrics
from possys.clock import now_ms, utc
from possys.redis import connect
from tests.scraping import scrape
from tests.tampering import triggers_off
from tests.tills import Till


@pytest.fixture
def database_away() -> Iterator[Callable[[], None]]:
    """Call it and PostgreSQL cannot be reached until the test ends."""
    port = connection.settings_dict["PORT"]

    def go(port: object = "1") -> None:
        connection.close()
        connection.settings_dict["PORT"] = port

    yield go
    go(port)


def test_the_ledger_tells_its_size_its_log_and_what_waits(till: Till, flush_everything: Callable[[], Any]) -> None:
    till.send_batch(till.sales(3))
    flush_everything()
    catch_up()
    till.send()
    flush_everything()
    Head.objects.filter(shard=5).update(stopped_reason="damaged")
    with triggers_off():
        Checkpoint.objects.update(signed_at=utc(now_ms()) - timedelta(hours=1))
    found = scrape()
    assert found["possys_ledger_records_total"] == {"": 4}
    assert found["possys_ledger_blocks_total"] == {"": 2}
    assert found["possys_log_size"] == {"": 2}
    assert found["possys_checkpoint_size"] == {"": 2}
    assert found["possys_blocks_waiting_for_log"] == {"": 1}
    assert 0 < found["possys_checkpoint_wait_seconds"][""] < 60
    assert 3600 <= found["possys_checkpoint_age_seconds"][""] < 3660
    assert found["possys_shards_stopped"] == {"": 1}
    assert found["possys_archived_partitions"] == {"": 0}
    assert found["possys_ledger_findings"] == {"alarm": 1, "stale": 2, "note": 1}
    assert found["possys_metrics_source_up"]["ledger"] == 1


def test_each_witness_and_each_kind_of_check_has_its_own(
    till: Till, flush_everything: Callable[[], Any], settings: Any
) -> None:
    here, away = (new_signer(f"{name}.example/witness", WITNESS_KEY).verifier for name in ("bank", "tax"))
    settings.WITNESSES = [f"{key.vkey} http://127.0.0.1:1/" for key in (here, away)]
    till.send()
    flush_everything()
    catch_up()
    WitnessContact.objects.create(name=here.name, size=2, cosigned_at=utc(now_ms()) - timedelta(seconds=9))
    ended_at = utc(1_795_425_600_000)
    counts = {"log_size": 2, "blocks": 1, "records": 1, "entries": 1}
    for scope, faults in (("everything", 0), ("sample of 20 blocks", 3)):
        VerificationRun.objects.create(
            started_at=ended_at, ended_at=ended_at, scope=scope, fault_count=faults, **counts
        )
    found = scrape()
    assert found["possys_witness_size"] == {here.name: 2, away.name: 0}
    assert found["possys_witness_behind_seconds"][here.name] == 0
    assert found["possys_witness_behind_seconds"][away.name] > 0
    assert list(found["possys_witness_age_seconds"]) == [here.name]
    assert found["possys_witness_age_seconds"][here.name] >= 9
    assert found["possys_witness_quorum_age_seconds"][""] < 60
    assert found["possys_verification_last_run_timestamp_seconds"] == {"full": 1_795_425_600, "sample": 1_795_425_600}
    assert found["possys_verification_faults"] == {"full": 0, "sample": 3}


def test_an_empty_ledger_has_no_ages(ledger: Any) -> None:
    found = scrape()
    assert found["possys_log_size"] == {"": 0}
    assert "possys_checkpoint_age_seconds" not in found
    assert "possys_witness_quorum_age_seconds" not in found
    LogHead.objects.all().update(fault="no key")
    assert scrape()["possys_checkpointer_fault"] == {"": 1}


def test_a_scrape_without_a_database_tells_what_the_stores_and_the_broker_know(
    till: Till, database_away: Callable[[], None]
) -> None:
    till.send_batch(till.sales(3))
    database_away()
    found = scrape()
    up = found["possys_metrics_source_up"]
    asking = {name for name, source in metrics._sources.items() if source.needs_database}
    assert {name for name, value in up.items() if not value} == asking >= {"ledger", "feed", "fleet", "mail"}
    assert sum(found["possys_backlog_records"].values()) == 3
    assert found["possys_seal_wait_seconds"][""] > 0
    assert found["possys_store_takes_sales"] == {"0": 1}
    assert "possys_ledger_records_total" not in found


def test_days_ahead_end_at_the_first_gap() -> None:
    today = date(2026, 11, 30)
    days = {today + timedelta(days=offset) for offset in (-3, 0, 1, 2, 4)}
    assert days_ahead(days, today) == 2
    assert days_ahead(days, today + timedelta(days=4)) == 0
    assert days_ahead(days, today + timedelta(days=5)) == -1


def test_the_days_that_are_made_are_told(ledger: Any) -> None:
    found = scrape()
    assert min(found["possys_partitions_ahead"][table] for table in ("ledger_entry", "ledger_block")) >= 1
    assert found["possys_partitions"]["ledger_entry"] >= 3


def test_who_works_is_told_by_what_is_held_in_the_broker(ledger: Any, settings: Any) -> None:
    settings.FLUSH_GROUPS = 2
    with connect(settings.BROKER_URL) as broker:
        broker.delete(flush_key(0), flush_key(1), CHECKPOINTER)
        broker.set(flush_key(1), "a worker", ex=60)
        try:
            found = scrape()
        finally:
            broker.delete(flush_key(1))
    assert found["possys_work_groups"]["flush"] == 2
    assert found["possys_work_groups_held"] == {"flush": 1, "log": 0, "feed": 0}
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    found = scrape()
    assert found["possys_broker_up"] == {"": 0}
    assert "possys_work_groups" not in found
    assert found["possys_metrics_source_up"]["workers"] == 1
