"""What the ledger's days need each night: made ahead, frozen once they are over, archived when the policy says so."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from ledger.archive.metrics import archive_metrics
from ledger.log.checkpointer import catch_up
from ledger.log.models import ArchiveMove
from ledger.partitions import existing_days, make_days
from ledger.role_checks import what_is_trimmed_is_safe
from possys.clock import now_ms, utc
from tests.tills import Till

Flush = Callable[[], object]


def keep_days() -> str:
    out = io.StringIO()
    call_command("keep_days", stdout=out)
    return out.getvalue()


def due() -> float:
    (metric,) = archive_metrics()
    return float(metric.samples[0].value)


def test_finished_days_are_frozen_once_and_old_ones_archived(
    till: Till, flush_everything: Flush, settings: Any, monkeypatch: Any
) -> None:
    moment = now_ms()
    today = utc(moment).date()
    old = today - timedelta(days=5)
    monkeypatch.setattr("ledger.flush.now_ms", lambda: moment - 5 * 86_400_000)
    till.send()
    flush_everything()
    catch_up()
    assert due() == 0
    said = keep_days()
    name = f"ledger_block_{old:%Y%m%d}"
    assert f"froze {name}" in said
    assert old in existing_days("ledger_block", "default")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relallfrozen, relpages FROM pg_class WHERE relname = %s", [name])
        frozen, pages = cursor.fetchone()
    assert frozen == pages > 0
    settings.ARCHIVE_AFTER_DAYS = 3
    assert due() >= 1
    said = keep_days()
    assert f"froze {name}" not in said
    assert "the log says so" in said
    assert old not in existing_days("ledger_block", "default")
    assert ArchiveMove.objects.get().day == old
    assert due() == 0


def test_coming_days_are_made(ledger: Any) -> None:
    keep_days()
    today = utc(now_ms()).date()
    assert {today + timedelta(days=ahead) for ahead in range(8)} <= existing_days("ledger_entry", "default")
    assert make_days("ledger_block", [today + timedelta(days=7)], "default") == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("local", "kept_s", "warned"), [(False, 0, ["ledger.W021"]), (False, 60, []), (True, 0, [])])
def test_production_is_warned_where_nobody_has_its_last_seconds(
    settings: Any, local: bool, kept_s: int, warned: list[str]
) -> None:
    settings.LOCAL_WORK, settings.STREAM_KEPT_S = local, kept_s
    assert [message.id for message in what_is_trimmed_is_safe(None, ["default"])] == warned
    assert what_is_trimmed_is_safe(None, []) == []
