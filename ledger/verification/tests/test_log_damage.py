"""Whatever is changed in the log, its checkpoints or what was signed of it is found, with its place."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings

from ledger.blocks import header_bytes, read_header
from ledger.log.appending import NewLeaf, append, new_leaf
from ledger.log.checkpointer import catch_up
from ledger.log.keys import signers
from ledger.log.leaves import FORMAT_VERSION, KeyLeaf, LeafKind
from ledger.log.models import Checkpoint, Cosignature, LogEntry, LogHead, LogNode
from ledger.log.notes import WITNESS_KEY, new_signer, read_note
from ledger.log.tiles import WIDTH
from ledger.merkle import leaf_hash, root
from ledger.models import Block, block_key
from ledger.tests.witness_servers import GoodWitness, dead_witness
from ledger.verification.log_check import check_log
from ledger.verification.outside import Claim
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from ledger.verification.tests.removing import remove
from ledger.verification.tests.sealed import Sealed, execute, found
from possys.clock import now_ms, utc
from tests.tampering import triggers_off


def entry_of(sealed: Sealed, block: int = 2) -> LogEntry:
    return LogEntry.objects.get(kind=LeafKind.BLOCK, shard=sealed.shard, block=block)


def test_a_changed_leaf_is_named(sealed: Sealed) -> None:
    entry = entry_of(sealed)
    execute("UPDATE ledger_logentry SET leaf = leaf || ' ' WHERE index = %s", entry.index)
    faults = found()
    place = f"shard {sealed.shard}, block 2"
    assert (
        f"{place}, leaf {entry.index}: log-leaf-changed: the leaf does not have the hash that was kept for it" in faults
    )
    assert any(fault.startswith(f"{place}: header-changed") for fault in faults)
    assert any("log-rewritten" in fault for fault in faults)


def test_a_leaf_changed_with_its_hash_leaves_the_checkpoints_behind(sealed: Sealed) -> None:
    entry = entry_of(sealed)
    forged = bytes(entry.leaf).replace(b'"count":5', b'"count":6')
    execute(
        "UPDATE ledger_logentry SET leaf = %s, leaf_hash = %s WHERE index = %s", forged, leaf_hash(forged), entry.index
    )
    faults = found()
    assert (
        "leaf 7: checkpoint-root: the checkpoint at 8 leaves has another root than they have: a change is among"
        in " ".join(faults)
    )
    assert "log-head-changed: the head's root is not that of its 8 leaves" in faults
    assert any(
        fault.startswith("log-rewritten: the log was rewritten since the checkpointer signed 8 leaves")
        for fault in faults
    )
    assert any(fault.startswith(f"shard {sealed.shard}, block 2: header-changed: ") for fault in faults)


def test_a_missing_leaf_is_named(sealed: Sealed) -> None:
    entry = entry_of(sealed)
    execute("DELETE FROM ledger_logentry WHERE index = %s", entry.index)
    faults = found()
    assert f"leaf {entry.index}: log-gap: is missing, the log's head says 8 leaves" in faults
    text = "block-not-logged: the log has later blocks of the shard, but not this one"
    assert f"shard {sealed.shard}, block 2: {text}" in faults


def test_swapped_leaves_are_named(sealed: Sealed) -> None:
    first, second = entry_of(sealed, 1), entry_of(sealed, 2)
    execute("DELETE FROM ledger_logentry WHERE index IN (%s, %s)", first.index, second.index)
    for own, other in ((first, second), (second, first)):
        execute(
            "INSERT INTO ledger_logentry (index, kind, shard, block, leaf, leaf_hash) VALUES (%s, %s, %s, %s, %s, %s)",
            own.index, other.kind, other.shard, other.block, bytes(other.leaf), bytes(other.leaf_hash),
        )  # fmt: skip
    assert any(
        fault.startswith(f"shard {sealed.shard}, block 2, leaf {first.index}: log-gap: follows block 0")
        for fault in found()
    )


def test_a_leaf_behind_the_head_is_named(sealed: Sealed) -> None:
    execute(
        "INSERT INTO ledger_logentry (index, kind, shard, block, leaf, leaf_hash) VALUES (9, 3, NULL, NULL, '', '')"
    )
    assert "leaf 9: log-head-changed: the head says 8 leaves, there is a leaf 9" in found()


def test_a_cut_log_is_named_by_checkpoint_and_state(sealed: Sealed) -> None:
    hashes = [bytes(entry.leaf_hash) for entry in LogEntry.objects.order_by("index")[:6]]
    execute("DELETE FROM ledger_logentry WHERE index >= 6")
    execute("UPDATE ledger_loghead SET size = 6, root = %s", root(hashes))
    faults = found()
    assert "leaf 6: log-cut: a checkpoint was signed at 8 leaves, the log has 6" in faults
    assert "leaf 6: log-cut: the log was cut: the checkpointer signed 8 leaves, there are 6" in faults


def test_a_checkpoint_that_is_gone_is_missed(sealed: Sealed) -> None:
    execute("DELETE FROM ledger_checkpoint")
    text = "the checkpointer signed 8 leaves, the newest checkpoint kept is of 0"
    assert found() == [f"checkpoint-missing: {text}"]


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        (
            "UPDATE ledger_checkpoint SET root = 'x'",
            "checkpoint-root: the columns of the checkpoint at 8 leaves are not",
        ),
        ("UPDATE ledger_checkpoint SET note = 'x'", "checkpoint-signature: the checkpoint at 8 leaves cannot be read"),
        (
            "UPDATE ledger_checkpoint SET note = replace(note, E'\\n8\\n', E'\\n9\\n')",
            "checkpoint-signature: the checkpoint at 8",
        ),
    ],
)
def test_a_changed_checkpoint_is_named(sealed: Sealed, sql: str, fault: str) -> None:
    execute(sql)
    assert any(one.startswith(f"leaf 7: {fault}") for one in found())


def test_a_key_that_the_old_one_did_not_agree_to_is_found(sealed: Sealed, settings: Any) -> None:
    own = signers()[0].verifier
    stranger = new_signer(own.name, own.kind)
    append([new_leaf(KeyLeaf(FORMAT_VERSION, stranger.verifier.vkey, own.vkey, "2026-01-01T00:00:00.000Z"))])
    settings.LOG_KEY = stranger.skey
    assert catch_up().faults == []
    faults = found()
    assert faults == [f"leaf 8: checkpoint-signature: the checkpoint at 9 leaves is not signed by {own.vkey}"]


def test_a_key_that_is_not_this_machines_is_found(sealed: Sealed, settings: Any) -> None:
    own = signers()[0].verifier
    settings.LOG_KEY = new_signer(own.name, own.kind).skey
    assert found()[0].startswith(f"checkpoint-signature: the log names the key {own.vkey}, this machine signs with")


def test_a_state_of_another_root_is_found(sealed: Sealed) -> None:
    path = Path(settings.LOG_STATE_FILE)
    path.write_text(json.dumps({**json.loads(path.read_text()), "root": "00" * 32, "size": 3}))
    for scope in (Scope(), Scope(sample=1)):
        faults = found(scope)
        assert faults[0].startswith("log-rewritten: the log was rewritten since the checkpointer signed 3 leaves"), (
            faults
        )


def test_a_state_that_is_gone_is_told_and_no_fault(sealed: Sealed) -> None:
    Path(settings.LOG_STATE_FILE).unlink()
    run = verify(Scope())
    assert run.is_well
    assert run.left_out == ["LOG_STATE_FILE is not on this machine: what was signed last is not compared"]


def test_earlier_and_later_roots_that_others_signed_are_held_against_the_log(sealed: Sealed) -> None:
    claims = [Claim("one.example", 5, b"x" * 32), Claim("two.example", 12, b"x" * 32)]
    faults = [str(fault) for fault in check_log(claims).faults]
    assert faults[0].startswith("log-rewritten: the log was rewritten since one.example signed 5 leaves")
    assert faults[1:] == ["leaf 8: log-cut: the log was cut: two.example signed 12 leaves, there are 8"]


def test_a_witness_that_saw_another_log_disagrees_and_one_that_is_away_is_named(
    sealed: Sealed, settings: Any, tmp_path: Path
) -> None:
    good = GoodWitness(tmp_path, signers()[0].verifier)
    dead = dead_witness()
    with good.serving() as witness:
        settings.WITNESSES = [f"{one.verifier.vkey} {one.url}" for one in (witness, dead)]
        run = verify(Scope())
        assert run.is_well
        assert len(run.left_out) == 1
        assert run.left_out[0].startswith("the witness dead.example/1 gave no cosignature: ")
        assert good.size == 8
    assert not verify(Scope(sample=1)).left_out


def test_a_false_cosignature_is_found(sealed: Sealed, settings: Any) -> None:
    witness = new_signer("witness.example", WITNESS_KEY)
    settings.WITNESSES = [f"{witness.verifier.vkey} http://127.0.0.1:1"]
    text = read_note(Checkpoint.objects.get().note).text
    for signed, is_well in ((text, True), (text + "x", False)):
        with triggers_off() as cursor:
            cursor.execute("DELETE FROM ledger_cosignature")
        line = witness.sign(signed, 1_700_000_000).line
        Cosignature.objects.create(checkpoint_size=8, witness="witness.example", line=line, cosigned_at=utc(now_ms()))
        run = verify(Scope())
        assert run.is_well is is_well
        assert run.tally.cosignatures == 1
    assert str(run.tally.faults[0]).startswith("leaf 7: cosignature-false: the cosignature of witness.example at 8")


def test_a_logged_removal_is_well_and_an_undone_one_is_not(sealed: Sealed) -> None:
    body = bytes(_block(sealed).body)
    remove(sealed.shard, 2, 1, logged=True)
    assert catch_up().faults == []
    assert found() == []
    assert found(Scope(since=1)) == []
    execute("UPDATE ledger_block SET body = %s WHERE id = %s", body, _block(sealed).id)
    text = "the log says that the record was removed, yet it is there"
    assert f"shard {sealed.shard}, block 2, position 1: removal-undone: {text}" in found()


def _block(sealed: Sealed) -> Any:
    return Block.objects.get(id=block_key(sealed.shard, 2))


def many_leaves(count: int) -> None:
    """So many leaves of a shard that has no blocks."""
    header = read_header(bytes(LogEntry.objects.filter(kind=LeafKind.BLOCK).latest("index").leaf))
    append(
        [
            NewLeaf(LeafKind.BLOCK, header_bytes(msgspec.structs.replace(header, shard=63, block=number)), 63, number)
            for number in range(1, count + 1)
        ]
    )


@pytest.mark.parametrize("start", [0, 3 * WIDTH + 7])
def test_nodes_are_held_against_the_leaves(sealed: Sealed, start: int) -> None:
    many_leaves(1500)
    assert check_log([], start).fault_count == 0
    execute("UPDATE ledger_lognode SET hash = 'x' WHERE level = 1 AND index = 3")
    (fault, *_) = map(str, check_log([], start).faults)
    if start:
        # Only what begins a node or later is read again; the head's root no longer follows from what is stored.
        assert "log-node-changed" in fault
    else:
        assert fault == "leaf 768: log-node-changed: the hash of leaves 768 to 1023 (level 1) is another one"


def test_a_log_read_from_its_middle_has_the_same_roots(sealed: Sealed) -> None:
    early = Claim("an old friend", 8, bytes(Checkpoint.objects.get().root))
    many_leaves(1500)
    catch_up()
    head = LogHead.objects.get()
    claim = Claim("the checkpointer", head.size, bytes(head.root))
    for start in (0, 1, 256, 700, 1300, 1508):
        tally = check_log([claim, early], start)
        assert [str(fault) for fault in tally.faults] == []
        assert tally.leaves == 1508 - min(start, 1508) // WIDTH * WIDTH
    assert LogNode.objects.filter(level=1).count() == 1508 // WIDTH
