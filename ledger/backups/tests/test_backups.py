"""Backups are taken, checked and kept; a drill restores one, reads it again and tells what would be lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from ledger import kept
from ledger.backups.folder import backups_in
from ledger.backups.metrics import backup_metrics
from ledger.backups.models import BackupRun
from ledger.backups.programs import BackupError
from ledger.backups.restoring import choose, recovery_settings
from ledger.backups.taking import remove_older
from ledger.log.checkpointer import catch_up
from tests.factories import make_terminals
from tests.roles import as_role, make_roles
from tests.tills import Till

Flush = Callable[[], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture(autouse=True)
def _keeping(settings: Any, monkeypatch: Any) -> None:
    settings.STREAM_KEPT_S = 600
    kept._looked.clear()
    # The drill's own verify_ledger is another process.
    monkeypatch.setenv("DEMO", "true")


def said(capsys: Any) -> str:
    text: str = capsys.readouterr().out
    return text


def test_a_drill_restores_reads_again_and_says_what_the_stream_fills_up(
    till: Till, flush_everything: Flush, folder: Path, capsys: Any, settings: Any
) -> None:
    till.send_batch(till.sales(3))
    flush_everything()
    catch_up()
    call_command("backup", to=folder)
    (made,) = backups_in(folder)
    assert f"{made.facts.name}: {made.facts.bytes:,} bytes" in said(capsys)
    assert made.facts.log_size == 2
    assert (made.path / "log-state").exists()

    till.send()
    flush_everything()
    catch_up()
    call_command("restore_drill", folder=folder)
    lines = said(capsys)
    assert "3 records in 1 blocks, 2 leaves" in lines
    assert "2 leaves, 3 are signed; of 1 behind, 1 are in the log's tail" in lines
    assert "1 shards lack 1 records that were flushed; 1 would be filled up" in lines
    assert "verdict    well" in lines

    settings.STREAM_KEPT_S = 0
    till.send()
    flush_everything()
    with pytest.raises(SystemExit):
        call_command("restore_drill", folder=folder)
    assert "NOT WELL: the stream does not reach back to the copy in 1 shards" in said(capsys)
    runs = list(BackupRun.objects.order_by("id").values_list("kind", "is_well", "name"))
    name = made.facts.name
    assert runs == [("backup", True, name), ("drill", True, name), ("drill", False, name)]
    told = {metric.name: [sample.value for sample in metric.samples] for metric in backup_metrics()}
    assert told["possys_backup_failed"] == [0, 1]
    assert 0 <= told["possys_backup_drill_age_seconds"][0] <= told["possys_backup_age_seconds"][0] < 3600
    assert told["possys_backup_bytes"] == [made.facts.bytes]


def test_a_backup_that_fails_is_noted_and_leaves_nothing(ledger: Any, folder: Path, monkeypatch: Any) -> None:
    make_terminals()

    def broken(*args: Any, **options: Any) -> str:
        raise BackupError("pg_verifybackup answered 1: checksum mismatch")

    monkeypatch.setattr("ledger.backups.taking.run", broken)
    with pytest.raises(CommandError, match="checksum mismatch"):
        call_command("backup", to=folder)
    assert [path.name for path in folder.iterdir()] == ["lock"]
    assert list(BackupRun.objects.values_list("kind", "is_well", "said")) == [
        ("backup", False, "pg_verifybackup answered 1: checksum mismatch")
    ]


def make_backup(folder: Path, name: str, day: int, built_on: str | None = None) -> None:
    """A backup as far as its facts go."""
    (folder / name).mkdir(parents=True)
    on = "null" if built_on is None else f'"{built_on}"'
    (folder / name / "possys-backup.json").write_text(
        f'{{"v":1,"name":"{name}","built_on":{on},"started_at":"2026-11-{day:02}T00:00:00Z",'
        f'"ended_at":"2026-11-{day:02}T01:00:00Z","bytes":1,"first_wal":"000000010000000000000001","log_size":null,'
        '"archived":[]}'
    )


def test_the_newest_whole_backups_stay_with_what_is_built_on_them(folder: Path) -> None:
    make_backup(folder, "a", 1)
    make_backup(folder, "a1", 2, "a")
    make_backup(folder, "b", 3)
    make_backup(folder, "c", 4)
    make_backup(folder, "c1", 5, "c")
    make_backup(folder, "c2", 6, "c1")
    assert remove_older(folder, 2) == ["a", "a1"]
    assert [one.facts.name for one in backups_in(folder)] == ["b", "c", "c1", "c2"]


def test_a_restore_to_a_moment_takes_a_backup_of_before_it(folder: Path, tmp_path: Path) -> None:
    from ledger.management.moments import moment

    make_backup(folder, "a", 1)
    make_backup(folder, "b", 3)
    assert choose(folder).facts.name == "b"
    assert choose(folder, until=moment("2026-11-03T00:30:00")).facts.name == "a"
    with pytest.raises(BackupError, match="2 are there"):
        choose(folder, until=moment("2026-10-01T00:00:00"))
    told = recovery_settings(tmp_path / "it's 5%", moment("2026-11-03T14:02:00+01:00"))
    assert told["recovery_target_time"] == "2026-11-03 14:02:00+01:00"
    assert "5%%" in told["restore_command"]


def test_the_backups_role_notes_its_runs_and_changes_nothing(ledger: Any) -> None:
    make_roles()
    with as_role("backup"):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO ledger_backuprun (kind, started_at, ended_at, is_well, name, bytes, said) "
                           "VALUES ('backup', now(), now(), true, 'x', 1, '')")  # fmt: skip
        with pytest.raises(ProgrammingError, match="permission denied"):
            BackupRun.objects.update(is_well=False)
        with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_head SET number = 0")
