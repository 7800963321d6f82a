"""Backups and drills in the admin: those with the right see how each ended, and nobody changes it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.backups.models import BackupRun
from possys.clock import now_ms, utc
from tests.people import Cast, make_cast

LIST = "/admin/ledger/backuprun/"


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


def make_runs(count: int) -> None:
    now = utc(now_ms())
    BackupRun.objects.bulk_create(
        BackupRun(
            kind=BackupRun.Kind.DRILL,
            started_at=now - timedelta(seconds=90),
            ended_at=now,
            is_well=bool(place % 2),
            name=f"backup-{place}",
            bytes=2_500_000,
            said="restored   1 byte\nverdict    well, 90 s <in all>",
        )
        for place in range(count)
    )


def test_the_list_says_how_each_run_ended_in_as_many_queries_for_many(cast: Cast) -> None:
    make_runs(2)
    with CaptureQueriesContext(connection) as few:
        text = cast.viewer.get(LIST).content.decode()
    assert "verdict    well, 90 s &lt;in all&gt;" in text
    assert "restored" not in text
    assert all(shown in text for shown in ("90.0 s", "2.5", "backup-1", "Not well"))
    make_runs(40)
    with CaptureQueriesContext(connection) as many:
        assert cast.viewer.get(LIST).status_code == 200
    assert len(many) <= len(few)


def test_only_those_with_the_right_look_and_nobody_changes(cast: Cast) -> None:
    make_runs(1)
    assert cast.without_rights.get(LIST).status_code == 403
    assert cast.anonymous.get(LIST).headers["Location"].startswith("/admin/login/")
    assert cast.superuser.post(LIST, {"action": "delete_selected", "_selected_action": 1, "post": "yes"}).status_code
    number = BackupRun.objects.get().pk
    assert cast.superuser.post(f"{LIST}{number}/change/", {"name": "other"}).status_code
    assert cast.superuser.post(f"{LIST}{number}/delete/", {"post": "yes"}).status_code == 403
    assert BackupRun.objects.get().name == "backup-0"
    assert BackupRun.objects.count() == 1


def test_the_page_of_a_run_has_all_that_it_said(cast: Cast) -> None:
    make_runs(2)
    for run in BackupRun.objects.all():
        page = cast.viewer.get(f"{LIST}{run.pk}/change/")
        text = page.content.decode()
        assert all(shown in text for shown in ("restored   1 byte", "90 s &lt;in all&gt;", run.name, "2,500,000 bytes"))
        assert ("It can be relied on" in text) == run.is_well
    assert cast.without_rights.get(f"{LIST}{run.pk}/change/").status_code == 403
    assert cast.viewer.get(f"{LIST}999/change/").status_code == 404
