"""The log takes every block once and in order, and its checkpointer signs nothing that contradicts what it signed."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from ledger import merkle
from ledger.log import tree
from ledger.log.appending import LogMovedError, NewLeaf, append, make_log
from ledger.log.checkpoint import read_tree_head
from ledger.log.checkpointer import catch_up, checkpoint_round
from ledger.log.keys import log_keys, public_keys
from ledger.log.leaves import LeafKind
from ledger.log.models import Checkpoint, LogEntry, LogHead, LogNode
from ledger.log.notes import read_note
from ledger.models import Block, Head
from tests.tampering import triggers_off
from tests.tills import Till

Flush = Callable[[], object]


@pytest.fixture
def sealed(till: Till, flush_everything: Flush) -> Callable[[int], None]:
    """Seals so many blocks of the till's shard."""

    def seal(blocks: int) -> None:
        for _ in range(blocks):
            assert till.send().status == 201
            flush_everything()

    return seal


def leaves(count: int, first: int = 0) -> list[NewLeaf]:
    return [NewLeaf(LeafKind.BLOCK, b"leaf %d" % number, 0, number) for number in range(first, first + count)]


def test_the_first_leaf_names_the_key_and_the_blocks_follow(sealed: Callable[[int], None]) -> None:
    sealed(3)
    done = catch_up()
    assert (done.appended, done.faults) == (3, [])
    assert done.checkpoint is not None
    entries = list(LogEntry.objects.all())
    assert [entry.kind for entry in entries] == [LeafKind.KEY, LeafKind.BLOCK, LeafKind.BLOCK, LeafKind.BLOCK]
    headers = [bytes(block.header) for block in Block.objects.order_by("id")]
    assert [bytes(entry.leaf) for entry in entries[1:]] == headers
    assert bytes(done.checkpoint.root) == merkle.root([merkle.leaf_hash(bytes(entry.leaf)) for entry in entries])


def test_a_checkpoint_is_a_note_signed_by_the_key_that_the_log_names(sealed: Callable[[int], None]) -> None:
    sealed(1)
    checkpoint = catch_up().checkpoint
    assert checkpoint is not None
    note = read_note(checkpoint.note)
    key = log_keys()[0].verifier
    assert key.time_s(note) == 0
    assert read_tree_head(note.text) == (key.name, 2, bytes(checkpoint.root))
    assert public_keys() == [key.vkey]


def test_nothing_new_signs_nothing(sealed: Callable[[int], None]) -> None:
    sealed(1)
    catch_up()
    done = checkpoint_round()
    assert (done.appended, done.checkpoint, done.faults) == (0, None, [])
    assert Checkpoint.objects.count() == 1


def test_shards_are_taken_in_order_of_their_numbers(till: Till, rival: Till, flush_everything: Flush) -> None:
    rival.send()
    till.send()
    flush_everything()
    catch_up()
    shards = list(LogEntry.objects.filter(kind=LeafKind.BLOCK).values_list("shard", flat=True))
    assert shards == sorted([till.number % 64, rival.number % 64])


def test_a_bounded_number_of_blocks_a_round_until_all_are_in(
    sealed: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(5)
    monkeypatch.setattr("ledger.log.blocks.LEAVES_MAX", 2)
    assert checkpoint_round().appended == 2
    assert catch_up().appended == 3


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_roots_and_proofs_from_the_tables_are_those_of_the_whole_tree(size: int) -> None:
    hashes = [merkle.leaf_hash(leaf.leaf) for leaf in leaves(size)]
    append(leaves(size // 2))
    append(leaves(size - size // 2, size // 2))
    assert bytes(LogHead.objects.get().root) == merkle.root(hashes) == tree.root_at(size)
    mth = merkle.mth_of(hashes)
    for index in {0, size // 3, size - 1}:
        assert tree.inclusion(index, size) == merkle.inclusion_path(mth, index, size)
    for old in {1, size // 3, size // 2, size - 1, size} - {0}:
        assert tree.consistency(old, size) == merkle.consistency_path(mth, old, size)


@pytest.mark.usefixtures("ledger")
def test_nodes_of_two_levels_are_written_as_they_are_completed() -> None:
    many = leaves(65_536 + 300)
    for at in range(0, len(many), 5000):
        append(many[at : at + 5000])
    hashes = [merkle.leaf_hash(leaf.leaf) for leaf in many]
    assert LogNode.objects.filter(level=1).count() == 257
    assert bytes(LogNode.objects.get(level=2).hash) == merkle.root(hashes[:65_536])
    assert tree.root_at(len(many)) == merkle.root(hashes)
    proof = tree.consistency(40_000, len(many))
    merkle.check_consistency(40_000, len(many), merkle.root(hashes[:40_000]), merkle.root(hashes), proof)


@pytest.mark.usefixtures("ledger")
def test_two_writers_never_fork_the_log() -> None:
    faults: list[Exception] = []

    def write(first: int) -> None:
        try:
            for number in range(first, first + 20):
                append(leaves(3, number * 3))
        except LogMovedError as moved:
            faults.append(moved)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    size = LogHead.objects.get().size
    assert LogEntry.objects.count() == size
    assert size == 3 * 40 or faults
    stored = [merkle.leaf_hash(bytes(entry.leaf)) for entry in LogEntry.objects.all()]
    assert merkle.root(stored) == bytes(LogHead.objects.get().root)


@pytest.mark.usefixtures("ledger")
def test_the_head_is_moved_only_from_where_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    append(leaves(1))
    real = tree.root_at

    def meddling(size: int) -> bytes:
        found = real(size)
        if size == 2:
            LogHead.objects.update(size=7)
        return found

    monkeypatch.setattr("ledger.log.appending.root_at", meddling)
    with pytest.raises(LogMovedError):
        append(leaves(1, 1))
    assert LogHead.objects.get().size == 1
    assert LogEntry.objects.count() == 1


def test_a_block_that_does_not_continue_its_chain_stays_out_and_alarms(
    sealed: Callable[[int], None], till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    sealed(2)
    with triggers_off() as cursor:
        cursor.execute(
            "UPDATE ledger_block SET header = replace(convert_from(header, 'UTF8'), '\"previous\":\"', "
            '\'"previous":"ff\')::bytea WHERE number = 2'
        )
    done = catch_up()
    assert done.appended == 0
    assert "block 2" in done.faults[0]
    assert f"shard {till.number % 64}" in done.faults[0]
    assert "ALARM the checkpointer" in caplog.text
    assert LogHead.objects.get().fault == "; ".join(done.faults)


def test_a_missing_block_stops_only_its_shard(
    sealed: Callable[[int], None], till: Till, rival: Till, flush_everything: Flush
) -> None:
    sealed(1)
    assert rival.number % 64 != till.number % 64
    rival.send()
    flush_everything()
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_block WHERE shard = %s", [till.number % 64])
    done = checkpoint_round()
    assert done.appended == 1
    assert "block 1 is missing" in done.faults[0]


def test_a_log_that_was_cut_is_not_signed(sealed: Callable[[int], None]) -> None:
    sealed(3)
    catch_up()
    cut_log(2)
    refused = checkpoint_round()
    assert refused.checkpoint is None
    assert "4 were signed" in refused.faults[0]
    assert "not in the ledger yet" in refused.faults[0]


def test_a_log_that_was_rewritten_is_not_signed(sealed: Callable[[int], None]) -> None:
    sealed(3)
    catch_up()
    with triggers_off() as cursor:
        leaf = b"something else"
        cursor.execute(
            "UPDATE ledger_logentry SET leaf = %s, leaf_hash = %s WHERE index = 2", [leaf, merkle.leaf_hash(leaf)]
        )
    with triggers_off() as cursor:
        cursor.execute("UPDATE ledger_loghead SET root = %s", [tree.root_at(4)])
    sealed(1)
    refused = checkpoint_round()
    assert refused.checkpoint is None
    assert "does not continue what was signed at 4 leaves" in refused.faults[0]


def test_a_lost_state_file_stops_the_signing_until_an_outsiders_checkpoint_is_adopted(
    sealed: Callable[[int], None], settings: Any, tmp_path: Path
) -> None:
    from django.core.management import CommandError, call_command

    sealed(2)
    kept = catch_up().checkpoint
    assert kept is not None
    Path(settings.LOG_STATE_FILE).unlink()
    sealed(1)
    assert "LOG_STATE_FILE is missing" in checkpoint_round().faults[0]
    (tmp_path / "kept").write_text(kept.note)
    call_command("log_state", adopt=tmp_path / "kept", verbosity=0)
    assert checkpoint_round().faults == []
    with pytest.raises(CommandError, match="no fewer than"):
        call_command("log_state", adopt=tmp_path / "kept")


def test_a_state_file_that_cannot_be_read_stops_the_signing(sealed: Callable[[int], None], settings: Any) -> None:
    sealed(1)
    catch_up()
    Path(settings.LOG_STATE_FILE).write_text("{")
    sealed(1)
    assert "cannot be read" in checkpoint_round().faults[0]


def test_an_empty_log_with_a_state_file_is_a_lost_database(ledger: Any, settings: Any) -> None:
    Path(settings.LOG_STATE_FILE).write_text(json.dumps({"origin": "x", "size": 5, "root": "00" * 32}))
    assert "the log has 0 leaves, 5 were signed" in checkpoint_round().faults[0]
    assert LogEntry.objects.count() == 0


def test_another_key_than_the_logs_own_signs_nothing(sealed: Callable[[int], None], settings: Any) -> None:
    from ledger.log.notes import LOG_KEY, new_signer

    sealed(1)
    catch_up()
    settings.LOG_KEY = new_signer("possys.local/log", LOG_KEY).skey
    sealed(1)
    done = checkpoint_round()
    assert done.checkpoint is None
    assert "LOG_KEY is another one" in done.faults[0]
    assert "PRIVATE" not in done.faults[0]


def test_without_a_key_nothing_is_signed_and_the_fault_names_the_setting(
    sealed: Callable[[int], None], settings: Any
) -> None:
    settings.LOG_KEY = ""
    sealed(1)
    assert "neither LOG_KEY_FILE nor LOG_KEY is set" in checkpoint_round().faults[0]
    settings.LOG_KEY = "PRIVATE+KEY+secret-thing"
    fault = checkpoint_round().faults[0]
    assert "LOG_KEY cannot be read" in fault
    assert "secret-thing" not in fault


def test_a_well_round_clears_the_fault(sealed: Callable[[int], None], settings: Any) -> None:
    key = settings.LOG_KEY
    settings.LOG_KEY = ""
    sealed(1)
    checkpoint_round()
    assert LogHead.objects.get().fault
    settings.LOG_KEY = key
    checkpoint_round()
    assert LogHead.objects.get().fault == ""


def test_rotation_is_a_leaf_and_both_keys_sign_until_the_old_one_is_retired(
    sealed: Callable[[int], None], settings: Any, tmp_path: Path
) -> None:
    from django.core.management import call_command

    from ledger.log.key_file import make_key
    from ledger.log.notes import LOG_KEY
    from ledger.log.rotation import retire, rotate

    settings.LOG_KEY_FILE = str(tmp_path / "key")
    old = make_key("receipts.example/log", LOG_KEY, tmp_path / "key").verifier.vkey
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    sealed(1)
    catch_up()
    both = rotate()
    assert both is not None
    new = public_keys()[0]
    assert new != old
    note = read_note(both.note)
    assert {key.verifier.vkey for key in log_keys() if key.verifier.time_s(note) == 0} == {old, new}
    assert retire() == [old]
    sealed(1)
    alone = catch_up().checkpoint
    assert alone is not None
    assert len(read_note(alone.note).signatures) == 1
    call_command("log_key", verbosity=0)


def cut_log(size: int) -> None:
    """What somebody does who wants the last leaves never to have been."""
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_logentry WHERE index >= %s", [size])
        cursor.execute("DELETE FROM ledger_checkpoint WHERE size > %s", [size])
    with triggers_off() as cursor:
        cursor.execute("UPDATE ledger_loghead SET size = %s, root = %s", [size, tree.root_at(size)])
        cursor.execute(
            "UPDATE ledger_head SET block = (SELECT coalesce(max(block), 0) FROM ledger_logentry "
            "WHERE shard = ledger_head.shard)"
        )


@pytest.mark.usefixtures("ledger")
def test_making_the_log_again_changes_nothing() -> None:
    append(leaves(2))
    make_log()
    assert LogHead.objects.get().size == 2
    assert Head.objects.count() == 64
    assert connection.in_atomic_block is False


@pytest.mark.parametrize(
    ("file", "says"), [("away/key", "there is no folder"), ("key", "never overwritten"), ("other", "no name for a key")]
)
def test_a_key_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path, file: str, says: str) -> None:
    from django.core.management import CommandError, call_command

    (tmp_path / "key").write_text("kept")
    with pytest.raises(CommandError, match=says):
        call_command("log_key", new="bad name" if file == "other" else "receipts.example/log", file=tmp_path / file)
    assert (tmp_path / "key").read_text() == "kept"
    assert not (tmp_path / "other").exists()


def test_a_rotation_that_was_cut_short_says_where_the_named_key_is(
    sealed: Callable[[int], None], settings: Any, tmp_path: Path
) -> None:
    from ledger.log.key_file import KeyFileError, make_key
    from ledger.log.notes import LOG_KEY
    from ledger.log.rotation import rotate

    settings.LOG_KEY_FILE = str(tmp_path / "key")
    make_key("receipts.example/log", LOG_KEY, tmp_path / "key")
    catch_up()
    old = (tmp_path / "key").read_text()
    rotate()
    # As it is when the process died between naming the key and putting its file in place.
    (tmp_path / "key").rename(tmp_path / "key.new")
    (tmp_path / "key").write_text(old)
    with pytest.raises(KeyFileError, match=r"with \.new behind its name"):
        rotate()
    sealed(1)
    assert "LOG_KEY is another one" in checkpoint_round().faults[0]
    (tmp_path / "key.new").replace(tmp_path / "key")
    assert checkpoint_round().faults == []
