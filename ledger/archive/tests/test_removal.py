"""A record that the law makes us remove: its bytes go for good, everything around it still proves."""

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.archive.moving import archive_day
from ledger.archive.packs import find_archived, latest_move, pack_path
from ledger.archive.restoring import restore_day
from ledger.archive.tests.past_days import PastDay
from ledger.archive.tests.runs import run_killed
from ledger.blocks import Kind, header_hash, leaf_of, read_header, repack, unpack_body
from ledger.log.appending import append
from ledger.log.blocks import new_blocks
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import REASON_CHARACTERS_MAX, LeafKind, RemovalLeaf, read_leaf
from ledger.log.models import LogEntry
from ledger.log.signing import name_first_key
from ledger.merkle import leaf_hash, root
from ledger.models import Block, Entry, MarkedRecord
from ledger.partitions import partition_name
from ledger.queries import Recorded, find_past, find_recorded
from ledger.reconcile import reconcile
from ledger.removal import find_removable, remove
from possys import clock
from possys.codes import day_number
from tests.factories import sale_bytes
from tests.people import make_cast
from tests.roles import as_role, make_roles
from tests.tampering import triggers_off
from tests.tills import Till
from transactions.stream import shard_of, terminals_key

REASON = "court order 17 C 5/2026"
Flush = Callable[[], object]


def today() -> date:
    return clock.utc(clock.now_ms()).date()


@pytest.fixture
def codes(till: Till, flush_everything: Flush) -> list[str]:
    """Four sales in one signed block."""
    answer = till.send_batch(till.sales(4))
    flush_everything()
    catch_up()
    return [result["code"] for result in answer.json()["results"]]


def removed(code: str, reason: str = REASON) -> str:
    """What the command says."""
    out = StringIO()
    call_command("remove_record", code, "--reason", reason, "--yes", stdout=out)
    return out.getvalue()


def removal_leaves() -> list[RemovalLeaf]:
    found = [read_leaf(bytes(entry.leaf)) for entry in LogEntry.objects.filter(kind=LeafKind.REMOVAL)]
    return [leaf for leaf in found if isinstance(leaf, RemovalLeaf)]


def sale_of(till: Till, sequence: int) -> dict[str, Any]:
    found = find_recorded(till.number, sequence, today())
    assert isinstance(found, Recorded)
    sale: dict[str, Any] = json.loads(found.raw)["sale"]
    return sale


def forget(store: redis.Redis, till: Till) -> None:
    """Makes the capture store forget all that the till has sent."""
    key = terminals_key(shard_of(till.number))
    state = store.hget(key, str(till.number))
    assert isinstance(state, bytes)
    store.hset(key, str(till.number), state[:13] + bytes(20))


def proof_of(code: str) -> dict[str, Any]:
    answer = Client().get(f"/api/v1/receipts/{code}/proof")
    assert answer.status_code == 200, answer.content
    proof: dict[str, Any] = json.loads(answer.content)
    return proof


def check_block(block: Block, removed_at: set[int]) -> None:
    """The block proves what it did, and only these positions lost their records."""
    positions = unpack_body(bytes(block.body))
    header = read_header(bytes(block.header))
    assert root([leaf_of(*one) for one in positions]).hex() == header.root
    assert len(positions) == header.count == block.count
    assert header_hash(bytes(block.header)) == bytes(block.header_hash)
    assert {at for at, (kind, _) in enumerate(positions) if kind == Kind.REMOVED} == removed_at
    assert block.raw_bytes == repack(positions).raw_bytes


def test_the_bytes_go_and_the_leaf_hash_stays(codes: list[str], till: Till) -> None:
    before = Block.objects.get()
    standing = unpack_body(bytes(before.body))
    assert "1 leaves in the log, 1 bodies rewritten" in removed(codes[1])
    after = Block.objects.get()
    check_block(after, {1})
    kept = unpack_body(bytes(after.body))
    assert kept[1] == (Kind.REMOVED, leaf_hash(standing[1][1]))
    assert [kept[at] for at in (0, 2, 3)] == [standing[at] for at in (0, 2, 3)]
    assert bytes(after.header) == bytes(before.header)
    (leaf,) = removal_leaves()
    assert (leaf.shard, leaf.block, leaf.position) == (shard_of(till.number), 1, 1)
    assert (leaf.leaf, leaf.reason) == (kept[1][1].hex(), REASON)
    assert Entry.objects.count() == 4


def test_neighbours_still_prove_and_the_log_goes_on(codes: list[str]) -> None:
    was = [proof_of(codes[at]) for at in (0, 2, 3)]
    removed(codes[1])
    done = catch_up()
    assert done.faults == []
    assert done.checkpoint is not None
    for before, after in zip(was, [proof_of(codes[at]) for at in (0, 2, 3)], strict=True):
        assert {**after, "log": ""} == {**before, "log": ""}
        assert before["log"] != after["log"]


def test_customers_are_told_that_and_when_it_was_removed_not_why(codes: list[str]) -> None:
    removed(codes[1])
    with CaptureQueriesContext(connection) as queries:
        page = Client().get(f"/r/{codes[1]}")
    text = page.content.decode()
    assert (page.status_code, page["Cache-Control"]) == (410, "no-store")
    assert len(queries) == 3
    assert "The record was removed" in text
    assert "the law demanded it" in text
    assert f"{today():%-d %B %Y}" in text
    assert REASON not in text
    for path in (f"/api/v1/receipts/{codes[1]}", f"/api/v1/receipts/{codes[1]}/proof"):
        answer = Client().get(path)
        assert answer.status_code == 410
        assert answer.json()["type"] == "urn:possys:problem:record-removed"
        assert answer.json()["removed_at"].startswith(str(today()))
        assert REASON not in answer.content.decode()
    assert Client().get(f"/r/{codes[0]}").status_code == 200


def test_staff_see_that_it_was_removed(codes: list[str], till: Till) -> None:
    removed(codes[1])
    viewer = make_cast().viewer
    assert (
        "removed because the law demands it" in viewer.get("/admin/ledger/entry/", {"code": codes[1]}).content.decode()
    )
    found = viewer.get(f"/admin/ledger/block/{today()}/{shard_of(till.number)}/1/").context["found"]
    assert found.faults == []
    assert found.records["rows"][1][1].startswith("removed; leaf ")


def test_the_ledger_s_check_is_content(codes: list[str]) -> None:
    removed(codes[1])
    assert reconcile([]).faults() == []


def test_two_removals_in_one_block_and_the_same_again(codes: list[str]) -> None:
    removed(codes[1])
    removed(codes[3], "court order 18 C 6/2026")
    check_block(Block.objects.get(), {1, 3})
    before = bytes(Block.objects.get().body)
    assert "it was removed already" in removed(codes[1])
    assert bytes(Block.objects.get().body) == before
    assert [leaf.position for leaf in removal_leaves()] == [1, 3]


def test_a_removed_sale_sent_again_is_no_new_sale(codes: list[str], till: Till, flush_everything: Flush) -> None:
    sale = sale_of(till, 2)
    removed(codes[1])
    # More sales than the store remembers, so that the ledger is asked.
    till.send_batch(till.sales(20))
    flush_everything()
    before = (Entry.objects.count(), MarkedRecord.objects.count())
    for one in (sale_bytes(sale), sale_bytes({**sale, "operator": "8"})):
        again = till.send(one)
        assert (again.status, again.json()["code"], again.json()["replayed"]) == (200, codes[1], True)
        assert again.json()["received_at"] == read_header(bytes(Block.objects.get(number=1).header)).sealed_at
    asked = till.ask(2, sale["issued_at"][:10])
    assert (asked.status, asked.json()["code"]) == (200, codes[1])
    flush_everything()
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == before
    past = find_past(till.number, 2, day_number(today()))
    assert past is not None
    assert past.sha256 is None
    assert past.code == codes[1]


def test_duplicates_of_it_are_removed_too_and_conflicts_are_named(
    ledger: redis.Redis, codes: list[str], till: Till, flush_everything: Flush
) -> None:
    sale = sale_of(till, 2)
    till.send({**sale, "operator": "8"})
    forget(ledger, till)
    assert till.send(sale).status == 201
    flush_everything()
    catch_up()
    marks = {mark.get_kind_display(): mark for mark in MarkedRecord.objects.all()}
    duplicate = marks["duplicate"]
    found = find_removable(codes[1])
    assert [(place.block, place.position) for place in found.places] == [(1, 1), (2, duplicate.position)]
    done = remove(found, REASON)
    assert (done.logged, done.rewritten) == (2, 2)
    check_block(Block.objects.get(number=2), {duplicate.position})
    said = removed(codes[1])
    assert (
        f"stays: another sale under its identity, block 2 of {today()}, position {marks['conflict'].position}" in said
    )


def test_a_removed_sale_that_a_store_without_memory_took_again_is_removed_again(
    ledger: redis.Redis, codes: list[str], till: Till, flush_everything: Flush
) -> None:
    sale = sale_of(till, 2)
    removed(codes[1])
    forget(ledger, till)
    assert till.send(sale).json()["code"] == codes[1]
    flush_everything()
    catch_up()
    (mark,) = MarkedRecord.objects.all()
    assert mark.get_kind_display() == "duplicate"
    assert Client().get(f"/r/{codes[1]}").status_code == 410
    assert "1 leaves in the log, 1 bodies rewritten" in removed(codes[1])
    check_block(Block.objects.get(number=2), {mark.position})


@pytest.mark.parametrize("reason", ["", "   ", "x" * (REASON_CHARACTERS_MAX + 1), "two\nlines"])
def test_a_reason_is_given_and_fits_on_a_line(codes: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match="reason has from 1 to 500"):
        removed(codes[1], reason)
    assert removal_leaves() == []
    check_block(Block.objects.get(), set())


def test_what_is_not_signed_yet_is_refused(till: Till, flush_everything: Flush) -> None:
    code = till.send().json()["code"]
    with pytest.raises(CommandError, match="no sale with this code"):
        removed(code)
    flush_everything()
    with pytest.raises(CommandError, match="not signed yet"):
        removed(code)
    name_first_key()
    append(new_blocks().leaves)
    with pytest.raises(CommandError, match="not signed yet"):
        removed(code)
    catch_up()
    assert "removed: 1" in removed(code)


def test_no_code_no_removal(codes: list[str], till: Till) -> None:
    with pytest.raises(CommandError, match="no receipt code"):
        removed("1234")
    training = till.send(till.sale(mode="training")).json()["code"]
    with pytest.raises(CommandError, match="test code"):
        removed(training)


def test_nothing_is_removed_without_a_yes(codes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    with pytest.raises(CommandError, match="nothing was removed"):
        call_command("remove_record", codes[1], "--reason", REASON, stdout=StringIO())
    assert removal_leaves() == []
    monkeypatch.setattr("builtins.input", lambda prompt: codes[1][-4:])
    call_command("remove_record", codes[1], "--reason", REASON, stdout=StringIO())
    check_block(Block.objects.get(), {1})


def test_a_removal_that_the_log_does_not_name_is_damage(codes: list[str], caplog: pytest.LogCaptureFixture) -> None:
    block = Block.objects.get()
    standing = unpack_body(bytes(block.body))
    standing[1] = (Kind.REMOVED, leaf_of(*standing[1]))
    with triggers_off() as cursor:
        cursor.execute("UPDATE ledger_block SET body = %s", [repack(standing).body])
    with caplog.at_level(logging.ERROR):
        assert Client().get(f"/r/{codes[1]}").status_code == 503
    assert any("position 1 was removed and the log does not know" in record.message for record in caplog.records)
    with pytest.raises(CommandError, match="somebody changed the ledger"):
        removed(codes[1])


def test_a_damaged_block_is_not_rewritten(codes: list[str]) -> None:
    with triggers_off() as cursor:
        cursor.execute("UPDATE ledger_block SET body = %s", [repack([(Kind.RECORD, b"{}")] * 4).body])
    with pytest.raises(CommandError, match="damaged"):
        removed(codes[1])
    assert removal_leaves() == []


def test_the_table_refuses_changes_again_afterwards(codes: list[str]) -> None:
    removed(codes[1])
    check_block(Block.objects.get(), {1})
    for table in ("ledger_block", partition_name("ledger_block", today())):
        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(f"UPDATE {table} SET count = 0")


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
