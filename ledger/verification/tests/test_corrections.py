"""A correction that is deleted, added or changed is named, with its place; untouched ones are well."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from ledger.corrections import corrections_of
from ledger.log.checkpointer import catch_up
from ledger.models import Correction, identity_of
from ledger.verification.report import as_json, table
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from ledger.verification.tests.removing import remove
from ledger.verification.tests.sealed import execute, found
from tests.factories import make_refund, sale_bytes
from tests.tampering import triggers_off
from tests.tills import Till
from transactions.stream import shard_of

Flush = Callable[[], Any]
OWN = "WHERE block = 2 AND position = 1"
EVERYTHING, SINCE, SAMPLE = Scope(), Scope(since=1), Scope(sample=10)


@pytest.fixture
def corrected(till: Till, flush_everything: Flush) -> Till:
    """Two blocks of one shard, logged: four sales; then a sale, a refund, a void, and the refund sent with a change."""
    first, second, *_ = [till.send(till.sale()).json()["code"] for _ in range(4)]
    flush_everything()
    till.send()
    take_back(till, first)
    take_back(till, second, type="void")
    till.sequence -= 1
    take_back(till, first, expected=409, reason="another")
    flush_everything()
    assert catch_up().faults == []
    return till


def take_back(till: Till, code: str, *, expected: int = 201, **changes: Any) -> None:
    till.sequence += 1
    sale = make_refund(code, terminal=till.number, sequence=till.sequence, **changes)
    assert till.send(sale_bytes(sale)).status == expected


def at(till: Till, position: int = 1, block: int = 2) -> str:
    return f"shard {shard_of(till.number)}, block {block}, position {position}: "


@pytest.mark.parametrize("scope", [EVERYTHING, SINCE, SAMPLE, Scope(shards=(1, 2))], ids=str)
def test_untouched_corrections_are_well(corrected: Till, scope: Scope) -> None:
    assert found(scope) == []


def test_the_corrections_are_counted(corrected: Till) -> None:
    run = verify(Scope())
    assert (run.tally.corrections, run.tally.marked) == (2, 1)
    assert re.search(r"^corrections +every column against the refunds and voids +2 +0$", table(run), re.MULTILINE)
    assert as_json(run)["corrections"] == 2


@pytest.mark.parametrize("scope", [EVERYTHING, SINCE, SAMPLE], ids=str)
def test_a_deleted_correction_is_missed(corrected: Till, scope: Scope) -> None:
    execute(f"DELETE FROM ledger_correction {OWN}")
    day = Correction.objects.get().original_on
    wanted = (
        f"correction-missing: the record takes back terminal {corrected.number}, sequence 1 of {day}, "
        "and no correction says so"
    )
    assert found(scope) == [at(corrected) + wanted]


@pytest.mark.parametrize("scope", [EVERYTHING, SINCE, SAMPLE], ids=str)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("original = original + 1", "the correction's original is "),
        ("original_on = original_on - 1", "the correction's original_on is "),
        ("original_on = 'infinity'", "the correction's original_on is infinity, the record says "),
        ("identity = identity + 1", "the correction's identity is "),
        ("issued_on = issued_on + 1", "the correction's issued_on is "),
        ("sealed_on = sealed_on + 1", "the correction's sealed_on is "),
        ("sealed_at = sealed_at + interval '1 ms'", "the correction's sealed_at is "),
        ("sealed_at = '-infinity'", "the correction's sealed_at is "),
        ("type = 2", "the correction's type is 2, the record says 1"),
        ("total = -1", "the correction's total is -1, the record says -5100"),
    ],
)
def test_a_changed_column_is_named(corrected: Till, change: str, says: str, scope: Scope) -> None:
    execute(f"UPDATE ledger_correction SET {change} {OWN}")
    (fault,) = found(scope)
    assert fault.startswith(f"{at(corrected)}correction-changed: {says}"), fault


@pytest.mark.parametrize("scope", [EVERYTHING, SINCE, SAMPLE], ids=str)
@pytest.mark.parametrize("position", [0, 3, 77], ids=["a sale", "a conflict", "nowhere"])
def test_an_added_correction_is_unknown(corrected: Till, position: int, scope: Scope) -> None:
    add(position=position)
    (fault,) = found(scope)
    assert fault.startswith(f"{at(corrected, position)}correction-unknown: no refund or void backs that of terminal ")


def test_a_second_row_of_a_refund_is_unknown(corrected: Till) -> None:
    with triggers_off() as cursor:
        cursor.execute("ALTER TABLE ledger_correction DROP CONSTRAINT a_position_corrects_once")
    try:
        add(position=1)
        assert found() == [f"{at(corrected)}correction-unknown: the correction is there a second time"]
    finally:
        with triggers_off() as cursor:
            cursor.execute("DELETE FROM ledger_correction")
            cursor.execute(
                "ALTER TABLE ledger_correction ADD CONSTRAINT a_position_corrects_once UNIQUE (shard, block, position)"
            )


@pytest.mark.parametrize("block", [0, -1, 3, 4711])
def test_a_correction_that_names_no_block_is_unknown_to_the_whole_run(corrected: Till, block: int) -> None:
    add(block=block)
    wanted = f"{at(corrected, block=block)}correction-unknown: names a block that no chain leads to"
    assert found() == [wanted]
    assert found(Scope(shards=(shard_of(corrected.number),))) == [wanted]
    assert found(Scope(shards=((shard_of(corrected.number) + 1) % 64,))) == []


def test_a_correction_of_a_shard_that_does_not_exist_is_unknown(corrected: Till) -> None:
    add(shard=64)
    assert found() == ["shard 64, block 2, position 1: correction-unknown: names a block that no chain leads to"]


def test_a_moved_correction_is_missed_and_unknown(corrected: Till) -> None:
    execute(f"UPDATE ledger_correction SET block = 1, position = 3 {OWN}")
    unknown, missing = found()
    assert unknown.startswith(f"{at(corrected, 3, 1)}correction-unknown: ")
    assert missing.startswith(f"{at(corrected)}correction-missing: ")


def add(**columns: int) -> None:
    """A copy of the refund's row, with other values in some columns."""
    names = "original, original_on, shard, identity, issued_on, sealed_on, sealed_at, block, position, type, total"
    values = ", ".join(f"{columns[name]}" if name in columns else name for name in names.split(", "))
    execute(f"INSERT INTO ledger_correction ({names}) SELECT {values} FROM ledger_correction {OWN}")


def test_a_removed_refund_keeps_its_row_which_is_held_against_its_entry(corrected: Till) -> None:
    shard = shard_of(corrected.number)
    remove(shard, 2, 1, logged=True)
    assert found() == []
    execute(f"UPDATE ledger_correction SET total = -1 {OWN}")
    said = "the record was removed, and its correction is not what its entry says"
    assert found() == [f"{at(corrected)}correction-changed: {said}"]
    execute(f"UPDATE ledger_correction SET total = -5100, sealed_at = sealed_at - interval '1 day' {OWN}")
    assert found() == [f"{at(corrected)}correction-changed: {said}"]


def test_a_removed_refund_without_a_row_is_said_not_to_be_checked(corrected: Till) -> None:
    shard = shard_of(corrected.number)
    remove(shard, 2, 1, logged=True)
    assert verify(Scope()).left_out == []
    execute(f"DELETE FROM ledger_correction {OWN}")
    run = verify(Scope(shards=(shard,)))
    assert run.is_well
    assert run.left_out == ["removed refunds and voids without a correction, so of which sale is not known: 1"]


def test_a_removed_sale_is_no_place_for_a_correction(corrected: Till) -> None:
    remove(shard_of(corrected.number), 2, 0, logged=True)
    add(position=0)
    (fault,) = found()
    assert fault.startswith(f"{at(corrected, 0)}correction-changed: the record was removed")


def test_an_older_ledger_is_filled_from_its_blocks(corrected: Till, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(Correction.objects.values().order_by("block", "position"))
    execute("DELETE FROM ledger_correction")
    call_command("fill_corrections")
    assert "added 2 corrections" in capsys.readouterr().out
    filled = list(Correction.objects.values().order_by("block", "position"))
    assert [{**row, "id": 0} for row in filled] == [{**row, "id": 0} for row in before]
    call_command("fill_corrections")
    assert "added 0 corrections" in capsys.readouterr().out
    execute(f"DELETE FROM ledger_correction {OWN}")
    call_command("fill_corrections")
    assert "added 1 corrections" in capsys.readouterr().out
    assert found() == []
    for sequence in (1, 2):
        assert len(corrections_of(identity_of(corrected.number, sequence), before[0]["original_on"])) == 1
