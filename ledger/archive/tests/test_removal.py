"""A record that the law makes us remove: its bytes go for good, everything around it still proves."""

import logging
from collections.abc import Callable
from io import StringIO

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.archive.tests.looking import REASON, check_block, forget, proof_of, removal_leaves, removed, sale_of, today
from ledger.blocks import Kind, leaf_of, read_header, repack, unpack_body
from ledger.log.appending import append
from ledger.log.blocks import new_blocks
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import REASON_CHARACTERS_MAX
from ledger.log.signing import name_first_key
from ledger.merkle import leaf_hash
from ledger.models import Block, Entry, MarkedRecord
from ledger.partitions import partition_name
from ledger.queries import find_past
from ledger.reconcile import reconcile
from ledger.recovery import recover_stream
from ledger.removal import find_removable, remove
from possys.codes import day_number
from tests.factories import sale_bytes
from tests.people import make_cast
from tests.tampering import triggers_off
from tests.tills import Till
from transactions.stream import shard_of, stream_key

Flush = Callable[[], object]


@pytest.fixture
def codes(till: Till, flush_everything: Flush) -> list[str]:
    """Four sales in one signed block."""
    answer = till.send_batch(till.sales(4))
    flush_everything()
    catch_up()
    return [result["code"] for result in answer.json()["results"]]


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
    assert len(queries) == 2
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


def test_a_removed_sale_is_not_captured_again_from_an_old_store(
    ledger: redis.Redis, till: Till, flush_everything: Flush
) -> None:
    answer = till.send_batch(till.sales(4))
    shard = shard_of(till.number)
    ledger.copy(stream_key(shard), "old-store")
    flush_everything()
    catch_up()
    removed(answer.json()["results"][1]["code"])
    forget(ledger, till)
    recovered = recover_stream(ledger, "old-store", shard)
    assert (recovered.known, recovered.captured, recovered.refused) == (4, 0, [])
