"""A day is moved into its file, whatever happens meanwhile, and brought back as it was."""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, connection
from django.test import Client

from ledger.archive.checking import NotSignedError, PackDamagedError
from ledger.archive.lock import ARCHIVE_LOCK, ArchiveBusyError
from ledger.archive.moving import ArchiveRefusedError, archive_day, plan_before
from ledger.archive.packs import (
    archived_days,
    pack_path,
)
from ledger.archive.restoring import RestoreRefusedError, restore_day
from ledger.archive.tests.looking import command, leaves_of, rows_of
from ledger.archive.tests.past_days import PastDay
from ledger.archive.tests.runs import run_killed
from ledger.log import tree
from ledger.log.checkpointer import catch_up, checkpoint_round
from ledger.log.leaves import ArchiveLeaf, LeafKind, RestoreLeaf
from ledger.log.models import ArchiveMove, LogHead
from ledger.models import Entry
from ledger.partitions import existing_days, make_days
from possys import clock
from tests.tampering import triggers_off
from tests.tills import Till
from transactions.stream import shard_of

TABLE = "ledger_block"
Seal = Callable[[date], None]


def test_the_log_says_that_the_day_was_moved_and_brought_back(past_day: PastDay) -> None:
    archive_day(past_day.day)
    restore_day(past_day.day)
    (moved,), (restored,) = leaves_of(LeafKind.ARCHIVE), leaves_of(LeafKind.RESTORE)
    assert isinstance(moved, ArchiveLeaf)
    assert isinstance(restored, RestoreLeaf)
    assert (moved.day, moved.blocks, moved.records) == (past_day.day.isoformat(), 3, 7)
    assert (restored.day, restored.blocks, restored.records) == (past_day.day.isoformat(), 3, 7)
    done = checkpoint_round()
    assert done.faults == []
    assert done.checkpoint is not None
    assert bytes(done.checkpoint.root) == tree.root_at(LogHead.objects.get().size)


def test_a_restored_day_has_the_same_rows_and_its_file_stays(past_day: PastDay) -> None:
    before = rows_of(past_day.day)
    assert len(before) == 3
    archive_day(past_day.day)
    assert rows_of(past_day.day) == []
    assert restore_day(past_day.day) is not None
    assert rows_of(past_day.day) == before
    assert pack_path(past_day.day).exists()
    assert archived_days() == {}
    assert restore_day(past_day.day) is None
    assert archive_day(past_day.day) is not None
    assert rows_of(past_day.day) == []
    assert list(archived_days()) == [past_day.day]


def test_a_damaged_day_does_not_keep_the_others_here(past_day: PastDay, till: Till, sealed_on: Seal) -> None:
    earlier = past_day.day - timedelta(days=1)
    till.send()
    sealed_on(earlier)
    catch_up()
    with triggers_off() as cursor:
        cursor.execute("UPDATE ledger_block SET body = %s WHERE sealed_on = %s", [b"x", earlier])
    with pytest.raises(CommandError, match="1 of 2 days"):
        command("archive", "--before", str(past_day.day + timedelta(days=1)))
    assert list(archived_days()) == [past_day.day]
    assert earlier in existing_days(TABLE, "default")


def test_today_is_refused(past_day: PastDay) -> None:
    today = clock.utc(clock.now_ms()).date()
    with pytest.raises(ArchiveRefusedError, match="still being sealed"):
        plan_before(today + timedelta(days=1))
    with pytest.raises(ArchiveRefusedError, match="not over"):
        archive_day(today)
    assert [plan.day for plan in plan_before(today) if plan.blocks] == [past_day.day]


def test_blocks_without_a_signed_checkpoint_stay(till: Till, sealed_on: Seal) -> None:
    day = clock.utc(clock.now_ms()).date() - timedelta(days=1)
    till.send()
    sealed_on(day)
    with pytest.raises(NotSignedError, match="1 of 1 blocks"):
        archive_day(day)
    catch_up()
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_checkpoint")
    with pytest.raises(NotSignedError):
        archive_day(day)
    assert len(rows_of(day)) == 1
    assert ArchiveMove.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("body = (SELECT body FROM ledger_block WHERE shard = {shard} AND number = 1)", "root of the header"),
        ("body = '\\x00'", "cannot be unpacked"),
        (
            "header = convert_to(replace(convert_from(header, 'UTF8'), '\"v\":1', '\"v\":2'), 'UTF8')",
            "not the one in the log",
        ),
        ("header_hash = sha256('x')", "not the one in the log"),
        ("count = count + 1", "a column differs"),
        ("sealed_at = sealed_at + interval '1 second'", "a column differs"),
    ],
)
def test_what_is_not_as_it_was_sealed_is_not_dropped(past_day: PastDay, till: Till, change: str, said: str) -> None:
    shard = shard_of(till.number)
    with triggers_off() as cursor:
        cursor.execute(f"UPDATE ledger_block SET {change.format(shard=shard)} WHERE shard = {shard} AND number = 2")
    with pytest.raises(PackDamagedError, match=f"shard {shard}, block 2: .*{said}"):
        archive_day(past_day.day)
    assert len(rows_of(past_day.day)) == 3
    assert not pack_path(past_day.day).exists()
    assert ArchiveMove.objects.count() == 0


def test_a_missing_block_is_not_passed_over(past_day: PastDay, till: Till, sealed_on: Seal) -> None:
    till.send()
    sealed_on(past_day.day)
    catch_up()
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_block WHERE shard = %s AND number = 2", [shard_of(till.number)])
    with pytest.raises(PackDamagedError, match="block 2: is missing"):
        archive_day(past_day.day)


def test_a_damaged_file_is_not_restored(past_day: PastDay, till: Till) -> None:
    archive_day(past_day.day)
    path = pack_path(past_day.day)
    good = path.read_bytes()
    with sqlite3.connect(path) as found:
        found.execute("UPDATE block SET body = x'00' WHERE number = 2")
    with pytest.raises(PackDamagedError, match="block 2"):
        restore_day(past_day.day)
    path.write_bytes(good)
    with sqlite3.connect(path) as found:
        found.execute("DELETE FROM block WHERE shard = ? AND number = 2", [shard_of(till.number)])
    with pytest.raises(RestoreRefusedError, match="2 blocks"):
        restore_day(past_day.day)
    assert past_day.day not in existing_days(TABLE, "default")
    path.write_bytes(good[:5000])
    with pytest.raises(PackDamagedError):
        restore_day(past_day.day)


def test_an_empty_partition_is_dropped_and_nothing_is_logged(past_day: PastDay) -> None:
    archive_day(past_day.day)
    make_days(TABLE, [past_day.day], "default")
    before = pack_path(past_day.day).read_bytes()
    assert archive_day(past_day.day) is None
    assert past_day.day not in existing_days(TABLE, "default")
    assert pack_path(past_day.day).read_bytes() == before
    assert ArchiveMove.objects.count() == 1


def test_blocks_that_came_late_join_those_of_their_day(past_day: PastDay, till: Till, sealed_on: Seal) -> None:
    archive_day(past_day.day)
    code = till.send().json()["code"]
    with pytest.raises(IntegrityError):
        # The flush remembers a day that is gone; it forgets it, and the next one makes it again.
        sealed_on(past_day.day)
    sealed_on(past_day.day)
    assert Client().get(f"/r/{code}").status_code == 200
    with pytest.raises(NotSignedError):
        archive_day(past_day.day)
    catch_up()
    move = archive_day(past_day.day)
    assert move is not None
    assert (move.blocks, move.records) == (4, 8)
    for one in [code, *past_day.codes]:
        assert Client().get(f"/r/{one}").status_code == 200


def test_entries_stay(past_day: PastDay) -> None:
    before = list(Entry.objects.order_by("identity").values_list())
    archive_day(past_day.day)
    assert list(Entry.objects.order_by("identity").values_list()) == before


def test_only_one_of_these_commands_is_at_work(past_day: PastDay) -> None:
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ARCHIVE_LOCK])
            with pytest.raises(ArchiveBusyError):
                archive_day(past_day.day)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ARCHIVE_LOCK])
    finally:
        holder.close()
    assert archive_day(past_day.day) is not None


def test_a_table_in_use_is_left_alone_and_moved_when_it_is_free(past_day: PastDay) -> None:
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM ledger_block")
            with pytest.raises(ArchiveRefusedError, match="run this again"):
                archive_day(past_day.day)
            assert len(rows_of(past_day.day)) == 3
            assert ArchiveMove.objects.count() == len(leaves_of(LeafKind.ARCHIVE)) == 0
            cursor.execute("ROLLBACK")
    finally:
        reader.close()
    assert archive_day(past_day.day) is not None


def test_a_day_that_changed_meanwhile_is_not_dropped(past_day: PastDay, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(name: str) -> None:
        if name == "archive.after-rename":
            with triggers_off() as cursor:
                cursor.execute("DELETE FROM ledger_block WHERE sealed_on = %s AND number = 2", [past_day.day])

    monkeypatch.setattr("ledger.archive.moving.reach", late)
    with pytest.raises(ArchiveRefusedError, match="changed"):
        archive_day(past_day.day)
    assert past_day.day in existing_days(TABLE, "default")


@pytest.mark.parametrize(
    "point", ["archive.after-write", "archive.after-rename", "archive.before-commit", "archive.after-commit"]
)
def test_an_archive_that_was_killed_is_completed_by_running_it_again(past_day: PastDay, point: str) -> None:
    before = rows_of(past_day.day)
    run_killed(point, "archive", "--before", str(past_day.day + timedelta(days=1)))
    for code in past_day.codes:
        assert Client().get(f"/r/{code}").status_code == 200
    command("archive", "--before", str(past_day.day + timedelta(days=1)))
    assert past_day.day not in existing_days(TABLE, "default")
    assert ArchiveMove.objects.count() == len(leaves_of(LeafKind.ARCHIVE)) == 1
    assert [path.name for path in pack_path(past_day.day).parent.iterdir()] == [pack_path(past_day.day).name]
    restore_day(past_day.day)
    assert rows_of(past_day.day) == before


@pytest.mark.parametrize("point", ["restore.after-make-day", "restore.before-commit"])
def test_a_restore_that_was_killed_is_completed_by_running_it_again(past_day: PastDay, point: str) -> None:
    before = rows_of(past_day.day)
    archive_day(past_day.day)
    run_killed(point, "restore_archive", str(past_day.day))
    assert Client().get(f"/r/{past_day.codes[0]}").status_code == 200
    restore_day(past_day.day)
    assert rows_of(past_day.day) == before
    assert len(leaves_of(LeafKind.RESTORE)) == 1


def test_the_commands_say_what_they_do(past_day: PastDay) -> None:
    until = str(past_day.day + timedelta(days=1))
    dry = command("archive", "--before", until, "--dry-run")
    assert f"{past_day.day}: 3 blocks, 7 records" in dry
    assert len(rows_of(past_day.day)) == 3
    done = command("archive", "--before", until)
    assert "written 3 of 3 blocks" in done
    assert "checked 3 of 3 blocks" in done
    assert f"moved into blocks-{past_day.day}.sqlite" in done
    assert "no day to move" in command("archive", "--before", until)
    assert "3 blocks, 7 records are back" in command("restore_archive", str(past_day.day))
    assert "already" in command("restore_archive", str(past_day.day))
    with pytest.raises(CommandError, match="never archived"):
        command("restore_archive", str(past_day.day - timedelta(days=9)))
    with pytest.raises(CommandError, match="still being sealed"):
        command("archive", "--before", "2064-01-01")
