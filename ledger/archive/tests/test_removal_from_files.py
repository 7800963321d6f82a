"""A record that the law makes us remove goes from the files of archived days, too."""

import shutil
import sqlite3
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ledger.archive.moving import archive_day
from ledger.archive.packs import find_archived, latest_move, pack_path
from ledger.archive.restoring import restore_day
from ledger.archive.tests.looking import REASON, proof_of, removal_leaves, removed, today
from ledger.archive.tests.past_days import PastDay
from ledger.archive.tests.runs import run_killed
from ledger.blocks import Kind, leaf_of, read_header, unpack_body
from ledger.log.checkpointer import catch_up
from ledger.merkle import leaf_hash, root
from ledger.queries import Recorded, find_recorded
from tests.roles import as_role, make_roles
from tests.tills import Till
from transactions.stream import shard_of


def test_the_owner_s_commands_work_as_the_owner_and_nobody_else_s(past_day: PastDay, till: Till) -> None:
    make_roles()
    with as_role("web"):
        for words in (("archive", "--before", str(today())), ("remove_record", past_day.codes[1], "--reason", "x")):
            with pytest.raises(CommandError, match=r"permission denied|must be owner|not moved"):
                call_command(*words, *(["--yes"] if words[0] == "remove_record" else []), stdout=StringIO())
    with as_role("owner"):
        removed(past_day.codes[0])
        call_command("archive", "--before", str(today()), stdout=StringIO())
        removed(past_day.codes[1])
    with as_role("log"):
        assert catch_up().faults == []
    with as_role("web"):
        assert [Client().get(f"/r/{code}").status_code for code in past_day.codes[:3]] == [410, 410, 200]
        proof_of(past_day.codes[2])
    with as_role("owner"):
        call_command("restore_archive", str(past_day.day), stdout=StringIO())
    with as_role("web"):
        assert [Client().get(f"/r/{code}").status_code for code in past_day.codes[:3]] == [410, 410, 200]
        pack_path(past_day.day).unlink()
        assert Client().get(f"/r/{past_day.codes[2]}").status_code == 200
    with as_role("flush"):
        assert latest_move(past_day.day) is not None


@pytest.mark.parametrize("is_restored", [False, True])
def test_an_archived_record_is_removed_from_its_file(past_day: PastDay, till: Till, is_restored: bool) -> None:
    archive_day(past_day.day)
    record = find_recorded(till.number, 2, today())
    assert isinstance(record, Recorded)
    path = pack_path(past_day.day)
    old_name = past_day.codes[1].encode()
    if is_restored:
        restore_day(past_day.day)
    said = removed(past_day.codes[1])
    assert f"1 leaves in the log, {1 + is_restored} bodies rewritten" in said
    catch_up()
    archived = find_archived(past_day.day, shard_of(till.number), 1)
    assert archived is not None
    kept = unpack_body(archived.body)
    assert kept[1] == (Kind.REMOVED, leaf_hash(record.raw))
    assert root([leaf_of(*one) for one in kept]).hex() == read_header(archived.header).root
    assert record.sealed.header == archived.header
    assert Client().get(f"/r/{past_day.codes[1]}").status_code == 410
    assert Client().get(f"/r/{past_day.codes[0]}").status_code == 200
    proof_of(past_day.codes[2])
    assert "it was removed already" in removed(past_day.codes[1])
    assert old_name not in path.read_bytes()
    assert not path.with_name(path.name + "-journal").exists()
    (archive_day if is_restored else restore_day)(past_day.day)
    assert Client().get(f"/r/{past_day.codes[1]}").status_code == 410


def test_the_old_body_is_overwritten_in_the_file(past_day: PastDay, till: Till) -> None:
    archive_day(past_day.day)
    archived = find_archived(past_day.day, shard_of(till.number), 1)
    assert archived is not None
    piece = archived.body[40:72]
    path = pack_path(past_day.day)
    assert piece in path.read_bytes()
    removed(past_day.codes[1])
    assert piece not in path.read_bytes()


@pytest.mark.parametrize("point", ["removal.before-commit", "removal.after-commit"])
def test_a_removal_that_was_killed_is_completed_by_running_it_again(past_day: PastDay, till: Till, point: str) -> None:
    archive_day(past_day.day)
    run_killed(point, "remove_record", past_day.codes[1], "--reason", REASON, "--yes")
    # Never a removed record without its leaf.
    assert Client().get(f"/r/{past_day.codes[1]}").status_code == 200
    assert "1 bodies rewritten" in removed(past_day.codes[1])
    assert len(removal_leaves()) == 1
    assert Client().get(f"/r/{past_day.codes[1]}").status_code == 410


def test_a_removal_waits_for_an_archive_that_is_away(past_day: PastDay) -> None:
    archive_day(past_day.day)
    path = pack_path(past_day.day)
    shutil.move(path, path.with_suffix(".away"))
    with pytest.raises(CommandError, match="archive's file"):
        removed(past_day.codes[1])
    assert removal_leaves() == []


def test_a_file_that_cannot_be_written_leaves_the_removal_to_be_completed(past_day: PastDay) -> None:
    archive_day(past_day.day)
    holder = sqlite3.connect(pack_path(past_day.day), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(CommandError, match="locked"):
            removed(past_day.codes[1])
    finally:
        holder.close()
    assert len(removal_leaves()) == 1
    assert "0 leaves in the log, 1 bodies rewritten" in removed(past_day.codes[1])


def test_what_a_killed_removal_left_half_written_in_the_file_is_undone_first(past_day: PastDay, till: Till) -> None:
    archive_day(past_day.day)
    path = pack_path(past_day.day)
    journal = path.with_name(path.name + "-journal")
    half = sqlite3.connect(path, isolation_level=None)
    half.execute("PRAGMA cache_size = 1")
    half.execute("BEGIN IMMEDIATE")
    half.execute("UPDATE block SET body = zeroblob(200000)")
    # What lies on the disk at this moment is what a killed process leaves behind.
    kept = [(one, one.read_bytes()) for one in (path, journal)]
    half.execute("ROLLBACK")
    half.close()
    for one, content in kept:
        one.write_bytes(content)
    assert Client().get(f"/r/{past_day.codes[1]}").status_code == 503
    assert "1 leaves in the log, 1 bodies rewritten" in removed(past_day.codes[1])
    assert not journal.exists()
    assert Client().get(f"/r/{past_day.codes[1]}").status_code == 410
    assert Client().get(f"/r/{past_day.codes[0]}").status_code == 200
    archive_day(past_day.day)
    restore_day(past_day.day)
