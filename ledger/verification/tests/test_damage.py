"""A ledger as it was sealed is well; each kind of damage is found, with its place."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
import zstandard
from django.db import connection, transaction

from ledger.blocks import header_bytes, header_hash, pack_body, read_header, unpack_body
from ledger.models import Block, block_key
from ledger.verification import heads
from ledger.verification.report import table
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from ledger.verification.tests.removing import remove
from ledger.verification.tests.sealed import Sealed, execute, found
from transactions.stream import shard_of


def test_a_sealed_ledger_is_well(sealed: Sealed) -> None:
    run = verify(Scope())
    assert [str(fault) for fault in run.tally.faults] == []
    tally = run.tally
    assert (tally.blocks, tally.records, tally.marked, tally.entries) == (7, 31, 1, 30)
    assert (tally.leaves, tally.checkpoints, tally.not_logged) == (8, 1, 0)
    assert run.left_out == []


def test_an_empty_ledger_is_well(ledger: object) -> None:
    assert verify(Scope()).is_well


def test_what_came_after_the_plan_is_left_to_the_next_run(sealed: Sealed) -> None:
    before = heads.read_heads

    def reading(shards: Any) -> Any:
        answer = before(shards)
        if sealed.till.sequence < 100:
            sealed.till.sequence = 100
            sealed.till.send()
            sealed.flush()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heads, "read_heads", reading)
        run = verify(Scope())
    assert [str(fault) for fault in run.tally.faults] == []
    assert (run.tally.records, run.tally.later) == (31, 1)
    assert "the ledger grew meanwhile; entries read of later blocks, left to the next run: 1\n" in table(run)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("total", 1, "total is 1, the record says 5100"),
        ("store", 999, "store is 999"),
        ("type", 2, "type is 2, the record says 0"),
        ("position", 77, "position is 77, the record says 2"),
        ("block", 3, "block is 3, the record says 2"),
        ("sealed_on", date(2024, 2, 29), "sealed_on is 2024-02-29"),
        ("issued_at", datetime(2024, 2, 29, tzinfo=UTC), "issued_at is 2024-02-29"),
        ("identity", 5, "identity is 5"),
    ],
)
@pytest.mark.parametrize("since", [None, 1], ids=["whole", "since"])
def test_a_changed_column_of_an_entry_is_named(
    sealed: Sealed, column: str, value: object, says: str, since: int | None
) -> None:
    execute(
        f"UPDATE ledger_entry SET {column} = %s WHERE shard = %s AND block = 2 AND position = 2", value, sealed.shard
    )
    faults = found(Scope(since=since))
    place = rf"shard {sealed.shard}, block 2, position 2: entry-(changed|missing): "
    assert any(re.match(place, fault) for fault in faults), faults
    if column != "identity" or since is None:
        assert any(says in fault for fault in faults), faults


def test_an_entry_that_moved_to_another_day_is_named(sealed: Sealed) -> None:
    execute(
        "UPDATE ledger_entry SET issued_on = issued_on - 1 WHERE shard = %s AND block = 2 AND position = 2",
        sealed.shard,
    )
    for scope in (Scope(), Scope(since=1)):
        faults = found(scope)
        assert faults[0].startswith(
            f"shard {sealed.shard}, block 2, position 2: entry-changed: the entry's issued_on is"
        )


def test_an_entry_that_moved_to_another_shard_is_named(sealed: Sealed) -> None:
    execute("UPDATE ledger_entry SET shard = 60 WHERE shard = %s AND block = 2 AND position = 2", sealed.shard)
    place = f"shard {sealed.shard}, block 2, position 2"
    assert found()[0] == f"{place}: entry-changed: the entry's shard is 60, the record says {sealed.shard}"
    # Only what belongs to the shard is looked up then.
    assert found(Scope(since=1))[0].startswith(f"{place}: entry-missing: ")


def test_a_deleted_entry_is_missed_and_totals_differ(sealed: Sealed) -> None:
    execute("DELETE FROM ledger_entry WHERE shard = %s AND block = 1 AND position = 4", sealed.shard)
    faults = found()
    name = f"terminal {sealed.till.number}, sequence 5"
    assert faults[0] == f"shard {sealed.shard}, block 1, position 4: entry-missing: there is no entry of {name}"
    assert re.fullmatch(
        rf"shard {sealed.shard}: totals-differ: [-0-9]+: 3 records of 15300 in all, 2 entries of 10200", faults[1]
    )


@pytest.mark.parametrize("block", [1, 4711])
def test_an_entry_from_nowhere_is_named(sealed: Sealed, block: int) -> None:
    execute(
        "INSERT INTO ledger_entry SELECT identity + 1000, total, issued_at, issued_on, sealed_on, %s, store, shard, "
        "position, type FROM ledger_entry WHERE shard = %s AND block = 2 AND position = 3",
        block,
        sealed.shard,
    )
    assert found()[0].startswith(f"shard {sealed.shard}, block {block}, position 3: entry-unknown: ")


def test_one_identity_on_two_days_is_named(sealed: Sealed) -> None:
    execute(
        "INSERT INTO ledger_entry SELECT identity, total, issued_at, issued_on - 1, sealed_on, block, store, shard, "
        "position, type FROM ledger_entry WHERE shard = %s AND block = 2 AND position = 3",
        sealed.shard,
    )
    faults = found()
    assert f"terminal {sealed.till.number}, sequence 9 has entries on" in faults[0]
    assert faults[0].startswith(f"shard {sealed.shard}, block 2, position 3: identity-twice: ")
    assert faults[1].startswith(f"shard {sealed.shard}, block 2, position 3: entry-unknown: ")


def rewrite(shard: int, number: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Rewrites a block's body; header and columns stay."""
    block = Block.objects.get(id=block_key(shard, number))
    contents = change([content for _, content in unpack_body(bytes(block.body))])
    raw = pack_body(contents)
    execute(
        "UPDATE ledger_block SET body = %s, raw_bytes = %s WHERE id = %s",
        zstandard.ZstdCompressor().compress(raw), len(raw), block.id,
    )  # fmt: skip


def test_a_changed_record_is_named(sealed: Sealed) -> None:
    def change(records: list[bytes]) -> list[bytes]:
        records[3] = records[3].replace(b'"total":5100', b'"total":5000')
        return records

    rewrite(sealed.shard, 2, change)
    faults = found()
    assert faults[:2] == [
        f"shard {sealed.shard}, block 2: record-changed: the records do not have the root of the header",
        f"shard {sealed.shard}, block 2, position 3: record-changed: the entry's total is 5100, the record says 5000",
    ]
    assert found(Scope(since=1))[:2] == faults[:2]


def test_a_record_changed_where_no_entry_tells_is_found_in_its_block(sealed: Sealed) -> None:
    rewrite(sealed.shard, 2, lambda records: [record.replace(b"Whole milk", b"Wheat milk") for record in records])
    assert found() == [f"shard {sealed.shard}, block 2: record-changed: the records do not have the root of the header"]


def test_swapped_records_are_named(sealed: Sealed) -> None:
    rewrite(sealed.shard, 2, lambda records: [records[1], records[0], *records[2:]])
    faults = found()
    for position in (0, 1):
        assert any(
            fault.startswith(f"shard {sealed.shard}, block 2, position {position}: record-misplaced")
            for fault in faults
        )


def test_a_record_that_is_gone_is_found(sealed: Sealed) -> None:
    rewrite(sealed.shard, 2, lambda records: records[:-1])
    faults = found()
    assert f"shard {sealed.shard}, block 2: record-changed: holds 4 records, the header says 5" in faults
    assert any(fault.startswith(f"shard {sealed.shard}, block 2, position 4: entry-unknown") for fault in faults)


def test_a_body_that_cannot_be_unpacked_is_one_fault_and_accuses_no_entry(sealed: Sealed) -> None:
    execute("UPDATE ledger_block SET body = %s WHERE id = %s", b"rubbish", block_key(sealed.shard, 2))
    run = verify(Scope())
    place = f"shard {sealed.shard}, block 2"
    assert [str(fault) for fault in run.tally.faults] == [
        f"{place}: record-unreadable: the body cannot be unpacked: {run.tally.faults[0].text.partition(': ')[2]}"
    ]
    assert run.left_out == [f"entries of {place} whose records cannot be read: 5"]
    assert (run.tally.records, run.tally.unreadable) == (26, 5)


def test_totals_leave_out_the_entries_of_a_block_that_cannot_be_read(sealed: Sealed) -> None:
    execute("UPDATE ledger_block SET body = %s WHERE id = %s", b"rubbish", block_key(sealed.shard, 2))
    execute("DELETE FROM ledger_entry WHERE shard = %s AND block = 1 AND position = 4", sealed.shard)
    kinds = [fault.kind.value for fault in verify(Scope()).tally.faults]
    assert kinds == ["entry-missing", "record-unreadable", "totals-differ"]
    # The late sales of three blocks: one has no entry, one cannot be read.
    assert ": 2 records of 10200 in all, 1 entries of 5100" in found()[-1]


def test_a_record_that_cannot_be_read_is_named(sealed: Sealed) -> None:
    rewrite(sealed.shard, 2, lambda records: [*records[:2], b"{}", *records[3:]])
    run = verify(Scope())
    place = f"shard {sealed.shard}, block 2"
    assert [(fault.place, fault.kind.value) for fault in run.tally.faults] == [
        (place, "record-changed"), (f"{place}, position 2", "record-unreadable"),
    ]  # fmt: skip
    assert run.left_out == [f"entries of {place} whose records cannot be read: 1"]


def test_a_foreign_receipt_code_is_named(sealed: Sealed) -> None:
    code = b"0000-0000-0000-0000"
    rewrite(
        sealed.shard,
        2,
        lambda all_: [re.sub(rb'"code":"[^"]+"', b'"code":"%s"' % code, one) for one in all_[:1]] + all_[1:],
    )
    assert any(fault.startswith(f"shard {sealed.shard}, block 2, position 0: code-wrong") for fault in found())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("raw_bytes", 1), ("count", 9), ("epoch", 9), ("first_number", 9), ("header_hash", b"x" * 32),
        ("sealed_at", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_changed_column_of_a_block_is_named(sealed: Sealed, column: str, value: object) -> None:
    execute(f"UPDATE ledger_block SET {column} = %s WHERE id = %s", value, block_key(sealed.shard, 2))
    assert any(fault.startswith(f"shard {sealed.shard}, block 2: column-changed: {column} is") for fault in found())


def test_a_changed_header_is_held_against_the_log(sealed: Sealed) -> None:
    block = Block.objects.get(id=block_key(sealed.shard, 2))
    header = read_header(bytes(block.header))
    forged = header_bytes(msgspec.structs.replace(header, sealed_at="2020-01-01T00:00:00.000Z"))
    execute(
        "UPDATE ledger_block SET header = %s, header_hash = %s WHERE id = %s", forged, header_hash(forged), block.id
    )
    faults = found()
    place = f"shard {sealed.shard}, block 2"
    assert faults[0] == (
        f"{place}: header-changed: the header is not the log's leaf: sealed_at is 2020-01-01T00:00:00.000Z, "
        f"the log says {header.sealed_at}"
    )
    assert f"shard {sealed.shard}, block 3: link-broken: the link to the previous header is broken" in faults


def test_a_missing_block_is_named(sealed: Sealed) -> None:
    execute("DELETE FROM ledger_block WHERE id = %s", block_key(sealed.shard, 2))
    faults = found()
    assert faults[0].startswith(f"shard {sealed.shard}, block 2: block-missing: is missing; the log has its header")


def test_a_missing_partition_is_named(sealed: Sealed) -> None:
    day = Block.objects.get(id=block_key(sealed.shard, 1)).sealed_on
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(f"CREATE TABLE kept AS SELECT * FROM ledger_block_{day:%Y%m%d}")
        cursor.execute(f"DROP TABLE ledger_block_{day:%Y%m%d}")
    faults = found()
    text = f"is missing (and all up to block 4): there is no partition of {day}"
    assert f"shard {sealed.shard}, block 1: partition-missing: {text}" in faults
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kept")


def test_a_cut_end_is_named_although_the_head_was_set_back(sealed: Sealed) -> None:
    last = Block.objects.get(id=block_key(sealed.shard, 3))
    execute("DELETE FROM ledger_block WHERE id = %s", block_key(sealed.shard, 4))
    execute("DELETE FROM ledger_markedrecord WHERE shard = %s", sealed.shard)
    execute(
        "UPDATE ledger_head SET block = 3, header_hash = %s, number = %s, records = records - 1, entry_id = %s "
        "WHERE shard = %s",
        bytes(last.header_hash), last.first_number + last.count - 1,
        f"{last.epoch}-{last.first_number + last.count - 1}", sealed.shard,
    )  # fmt: skip
    faults = found()
    assert any(fault.startswith(f"shard {sealed.shard}, block 4: block-missing: ") for fault in faults)
    assert any(
        fault.startswith(f"shard {sealed.shard}, block 3: head-changed: the log has blocks up to 4") for fault in faults
    )


@pytest.mark.parametrize("column", ["number", "epoch", "header_hash", "records", "entry_id"])
def test_a_changed_head_is_named(sealed: Sealed, column: str) -> None:
    value = {"header_hash": b"x" * 32, "entry_id": "1-1", "epoch": 0}.get(column, 99)
    execute(f"UPDATE ledger_head SET {column} = %s WHERE shard = %s", value, sealed.shard)
    faults = found()
    assert [fault for fault in faults if fault.startswith(f"shard {sealed.shard}") and "head-changed" in fault], faults


def test_a_block_that_no_chain_leads_to_is_named(sealed: Sealed) -> None:
    for key in (block_key(sealed.shard, 9), block_key(sealed.shard, 0), block_key(64, 5)):
        execute(
            "INSERT INTO ledger_block SELECT %s, shard, number, sealed_on, sealed_at, epoch, first_number, count, "
            "raw_bytes, header, header_hash, body FROM ledger_block WHERE id = %s",
            key,
            block_key(sealed.shard, 1),
        )
    faults = found()
    for place in (f"shard {sealed.shard}, block 9", f"shard {sealed.shard}, block 0", "shard 64, block 5"):
        assert f"{place}: block-unknown: no chain leads to this block" in faults


def test_a_block_kept_twice_is_named(sealed: Sealed) -> None:
    execute(
        "INSERT INTO ledger_block SELECT id, shard, number, sealed_on - 1, sealed_at, epoch, first_number, count, "
        "raw_bytes, header, header_hash, body FROM ledger_block WHERE id = %s",
        block_key(sealed.shard, 2),
    )
    assert any(
        re.match(rf"shard {sealed.shard}, block 2: block-unknown: is kept a second time", fault) for fault in found()
    )


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE ledger_markedrecord SET kind = 1", "the marks are not those of the header"),
        ("UPDATE ledger_markedrecord SET kind = 9", "the marks are not those of the header"),
        ("UPDATE ledger_markedrecord SET first_block = first_block + 1", "the marks are not those of the header"),
        ("UPDATE ledger_markedrecord SET identity = identity + 1", "the mark says"),
        ("UPDATE ledger_markedrecord SET issued_on = issued_on - 1", "the mark says"),
        ("DELETE FROM ledger_markedrecord", "the marks are not those of the header"),
    ],
)
def test_a_changed_mark_is_named(sealed: Sealed, sql: str, says: str) -> None:
    execute(sql)
    faults = found()
    assert any(
        fault.startswith(f"shard {sealed.shard}, block 4") and "marks-changed" in fault and says in fault
        for fault in faults
    ), faults


def test_a_removed_position_needs_a_leaf_of_the_log(sealed: Sealed) -> None:
    remove(sealed.shard, 2, 1)
    text = "the record was removed, and no leaf of the log says so"
    assert found() == [f"shard {sealed.shard}, block 2, position 1: removal-unknown: {text}"]


def test_a_shard_alone_is_checked_with_its_entries_alone(sealed: Sealed) -> None:
    execute("UPDATE ledger_entry SET total = 1 WHERE shard = %s AND block = 1", sealed.shard)
    other = shard_of(sealed.other.number)
    assert found(Scope(shards=(other,))) == []
    assert len(found(Scope(shards=(sealed.shard,)))) >= 5
