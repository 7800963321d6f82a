"""What the ledger tells Prometheus, also when its database is away."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ledger.log.checkpointer import catch_up
from ledger.log.models import Checkpoint, LogHead, VerificationRun, WitnessContact
from ledger.log.notes import WITNESS_KEY, new_signer
from ledger.models import Head
from possys.clock import now_ms, utc
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
    assert found["possys_archived_days"] == {"": 0}
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


def test_a_scrape_without_a_database_says_so(ledger: Any, database_away: Callable[[], None]) -> None:
    database_away()
    found = scrape()
    assert list(found) == ["possys_metrics_source_up"]
    assert set(found["possys_metrics_source_up"].values()) == {0}
