"""Every manipulation that we know of, by somebody who owns the database; each must be found, with its place.

Each case changes what it wants as a superuser with all triggers off, recomputes whatever it can, and then has
`manage.py verify_ledger` run. What that printed is kept in `.local/tampering.txt` (and shown by `pytest -s`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ledger.blocks import read_header
from ledger.flush import flush_all
from ledger.log.checkpointer import catch_up
from ledger.log.keys import signers
from ledger.log.leaves import FORMAT_VERSION, KeyLeaf, leaf_bytes
from ledger.log.models import LogHead
from ledger.log.notes import new_signer
from ledger.models import Block, block_key
from ledger.shards import ALL_SHARDS
from ledger.tests.witness_servers import GoodWitness
from ledger.witness.collecting import ask_witnesses
from possys.clock import now_ms, utc
from tests.factories import make_refund, make_terminals
from tests.fault import attacker
from tests.fault.tampered import KEPT, PRINTED, Ledger, change, cheaper, expect
from tests.tills import Till
from transactions.stream import stream_key


@pytest.fixture
def whole(till: Till, tmp_path: Path) -> Ledger:
    """A ledger in which nothing is wrong."""
    return Ledger(till, Till(make_terminals()[0]), tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _print() -> Iterator[None]:
    yield
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text("\n".join(PRINTED) + "\n")
    print("\n" + "\n".join(PRINTED))


def test_the_ledger_is_well_before_anyone_touches_it(whole: Ledger) -> None:
    assert whole.verify("--proof", str(whole.proof), str(whole.checkpoint)) == (0, [])


# --- A record or a column is edited ----------------------------------------------------------------------------------


def test_a_record_is_edited(whole: Ledger) -> None:
    change(whole, 2, cheaper)
    expect(
        whole,
        "a record is edited",
        r"shard {shard}, block 2: record-changed: the records do not have the root of the header",
        r"shard {shard}, block 2, position 2: record-changed: the entry's total is 5100, the record says 510",
    )


def test_a_typed_column_is_edited(whole: Ledger) -> None:
    attacker.execute("UPDATE ledger_entry SET total = 510 WHERE shard = %s AND block = 2 AND position = 2", whole.shard)
    expect(
        whole,
        "a typed column is edited",
        r"shard {shard}, block 2, position 2: entry-changed: the entry's total is 510, the record says 5100",
        r"shard {shard}: totals-differ: ",
    )


def test_a_record_and_its_entry_are_edited(whole: Ledger) -> None:
    change(whole, 2, cheaper)
    attacker.write_entries(whole.shard, 2)
    expect(
        whole, "a record and its entry are edited", r"shard {shard}, block 2: record-changed: the records do not have"
    )


def test_a_record_is_edited_and_its_shard_sealed_again(whole: Ledger) -> None:
    change(whole, 2, cheaper)
    attacker.write_entries(whole.shard, 2)
    attacker.reseal(whole.shard, 2)
    expect(
        whole,
        "a record and its entry are edited, the shard's roots, links and head recomputed",
        r"shard {shard}, block 2: header-changed: the header is not the log's leaf: root is",
        r"shard {shard}, block 3: header-changed: the header is not the log's leaf: previous is",
    )


# --- A row is deleted ------------------------------------------------------------------------------------------------


def test_an_entry_is_deleted(whole: Ledger) -> None:
    attacker.execute("DELETE FROM ledger_entry WHERE shard = %s AND block = 2 AND position = 2", whole.shard)
    expect(whole, "an entry is deleted", r"shard {shard}, block 2, position 2: entry-missing: ")


def test_a_record_is_deleted_with_its_entry(whole: Ledger) -> None:
    records = attacker.records_of(whole.shard, 2)
    attacker.write_records(whole.shard, 2, records[:2] + records[3:])
    attacker.write_entries(whole.shard, 2)
    expect(
        whole,
        "a record is deleted with its entry",
        r"shard {shard}, block 2: record-changed: holds 4 records, the header says 5",
        r"shard {shard}, block 2, position 2: record-misplaced: ",
    )


def test_a_record_is_deleted_and_its_shard_sealed_again(whole: Ledger) -> None:
    records = attacker.records_of(whole.shard, 2)
    attacker.write_records(whole.shard, 2, records[:-1])
    attacker.write_entries(whole.shard, 2)
    attacker.reseal(whole.shard, 2)
    expect(
        whole,
        "a record is deleted with its entry, the shard's roots, counts, links and head recomputed",
        r"shard {shard}, block 2: header-changed: the header is not the log's leaf: count is 4, the log says 5",
        r"shard {shard}, block 3: numbers-broken: begins at 1-11, after 1-9",
    )


# --- A record or block is put in, or dated back ----------------------------------------------------------------------


def forged(ledger: Ledger, number: int) -> bytes:
    """A sale that nobody made, at the shard's next number."""
    last = attacker.records_of(ledger.shard, 4)[0]
    changed = re.sub(rb'"sequence":\d+', b'"sequence":5000', last)
    return re.sub(rb'"number":\d+', b'"number":%d' % number, changed)


def test_a_record_is_put_in(whole: Ledger) -> None:
    records = attacker.records_of(whole.shard, 4)
    attacker.write_records(whole.shard, 4, [*records, forged(whole, 21)])
    attacker.write_entries(whole.shard, 4)
    attacker.reseal(whole.shard, 4)
    expect(
        whole,
        "a record is put in at the end, the shard's root, count and head recomputed",
        r"shard {shard}, block 4: header-changed: the header is not the log's leaf: count is 6",
        r"shard {shard}, block 4, position 5: code-wrong: ",
    )


def test_an_entry_appears_from_nowhere(whole: Ledger) -> None:
    attacker.execute(
        "INSERT INTO ledger_entry SELECT identity + 1000, total, issued_at, issued_on, sealed_on, block, store, shard, "
        "position, type FROM ledger_entry WHERE shard = %s AND block = 2 AND position = 2",
        whole.shard,
    )
    expect(
        whole, "an entry appears from nowhere", r"shard {shard}, block 2, position 2: entry-unknown: no record backs"
    )


# --- A refund is hidden or invented ----------------------------------------------------------------------------------

SAYS = "original, original_on, shard, identity, issued_on, sealed_on, sealed_at, block, position, type, total"


def test_a_refund_is_hidden(whole: Ledger) -> None:
    code = whole.till.send().json()["code"]
    flush_all(ALL_SHARDS)
    whole.till.sequence += 1
    refund = make_refund(code, terminal=whole.till.number, sequence=whole.till.sequence)
    assert whole.till.send(refund).status == 201
    flush_all(ALL_SHARDS)
    assert catch_up().faults == []
    attacker.execute("DELETE FROM ledger_correction")
    expect(
        whole, "a refund is hidden", r"shard {shard}, block 6, position 0: correction-missing: the record takes back"
    )


def test_a_refund_is_invented(whole: Ledger) -> None:
    attacker.execute(
        f"INSERT INTO ledger_correction ({SAYS}) SELECT identity, issued_on, shard, identity, issued_on, sealed_on, "
        "now(), block, position, 1, -total FROM ledger_entry WHERE shard = %s AND block = 2 AND position = 2",
        whole.shard,
    )
    expect(whole, "a refund is invented", r"shard {shard}, block 2, position 2: correction-unknown: no refund or void")


# --- A block is put in -----------------------------------------------------------------------------------------------


def test_a_block_is_put_in_with_an_old_date(whole: Ledger) -> None:
    last = Block.objects.get(id=block_key(whole.shard, 4))
    attacker.execute(
        "INSERT INTO ledger_block SELECT %s, shard, 5, sealed_on, sealed_at, epoch, 21, 1, raw_bytes, header, "
        "header_hash, body FROM ledger_block WHERE id = %s",
        block_key(whole.shard, 5), last.id,
    )  # fmt: skip
    attacker.write_records(whole.shard, 5, [forged(whole, 21)])
    attacker.reseal(whole.shard, 5, block=5, first_number=21, sealed_at=f"{last.sealed_on}T00:00:00.000Z")
    attacker.write_entries(whole.shard, 5)
    # The true checkpointer takes it for a block like any other, and signs it.
    assert catch_up().faults == []
    expect(
        whole,
        "a whole block is put in at the end with an old date, and signed",
        r"shard {shard}, block 5: numbers-broken: sealed at .*T00:00:00.000Z, before the block that it follows",
        r"shard {shard}, block 5, position 0: code-wrong: ",
    )


# --- Rows or blocks are swapped --------------------------------------------------------------------------------------


def test_two_records_are_swapped(whole: Ledger) -> None:
    records = attacker.records_of(whole.shard, 2)
    records[1], records[2] = records[2], records[1]
    attacker.write_records(whole.shard, 2, records)
    attacker.write_entries(whole.shard, 2)
    attacker.reseal(whole.shard, 2)
    expect(
        whole,
        "two records are swapped with their entries, roots, links and head recomputed",
        r"shard {shard}, block 2, position 1: record-misplaced: ",
        r"shard {shard}, block 2, position 2: record-misplaced: ",
        r"shard {shard}, block 2: header-changed: ",
    )


def test_two_blocks_are_swapped(whole: Ledger) -> None:
    attacker.swap_numbers(whole.shard, 2, 3)
    attacker.reseal(whole.shard, 2)
    expect(
        whole,
        "two blocks are swapped and their records renumbered, roots, links and head recomputed",
        r"shard {shard}, block 2: header-changed: the header is not the log's leaf: root is",
        r"shard {shard}, block 3: header-changed: the header is not the log's leaf: root is",
    )


# --- The end is cut off, or an old backup put back -------------------------------------------------------------------


def test_the_end_of_a_shard_is_cut_off(whole: Ledger) -> None:
    attacker.cut(whole.shard, 4)
    expect(
        whole,
        "a shard's last block is removed with its entries, and the head set back",
        r"shard {shard}, block 4: block-missing: is missing; the log has its header",
        r"shard {shard}, block 3: head-changed: the log has blocks up to 4, the head is at 3",
    )


def test_the_end_is_cut_off_and_the_log_with_it(whole: Ledger) -> None:
    size = LogHead.objects.get().size
    attacker.cut(whole.shard, 4)
    attacker.relog()
    attacker.resign(signers()[0])
    attacker.newest_checkpoint(signers()[0])
    expect(
        whole,
        "a shard's last block is removed, the log made anew without it and signed with the stolen key",
        rf"leaf {size - 1}: log-cut: the log was cut: the checkpointer signed {size} leaves, there are {size - 1}",
    )


def test_an_old_backup_is_put_back(whole: Ledger) -> None:
    attacker.back_up()
    size = LogHead.objects.get().size
    whole.till.send()
    flush_all(ALL_SHARDS)
    assert catch_up().faults == []
    attacker.restore()
    expect(
        whole,
        "an old backup of everything is put back",
        rf"leaf {size}: log-cut: the log was cut: the checkpointer signed {size + 1} leaves, there are {size}",
    )


# --- A partition or a shard is dropped -------------------------------------------------------------------------------


def drop(table: str, day: Any) -> None:
    attacker.execute(f"DROP TABLE {table}_{day:%Y%m%d}")


def test_a_partition_of_blocks_is_dropped(whole: Ledger) -> None:
    day = Block.objects.get(id=block_key(whole.shard, 1)).sealed_on
    drop("ledger_block", day)
    expect(
        whole,
        "a day of blocks is dropped",
        r"shard {shard}, block 1: partition-missing: is missing \(and all up to block 4\): there is no partition of "
        rf"{day}",
    )


def test_a_partition_of_entries_is_dropped(whole: Ledger) -> None:
    drop("ledger_entry", utc(now_ms()).date())
    expect(
        whole,
        "a day of entries is dropped",
        r"shard {shard}, block 1, position 0: entry-missing: ",
        r"shard {shard}: totals-differ: ",
    )


def test_a_shard_is_dropped(whole: Ledger) -> None:
    attacker.cut(whole.shard, 1)
    expect(
        whole,
        "a whole shard is dropped",
        r"shard {shard}, block 1: block-missing: is missing \(and all up to block 4\); the log has its header",
        r"shard {shard}: head-changed: the log has blocks up to 4, the head is at 0",
    )


def test_a_shard_is_dropped_and_the_log_made_anew(whole: Ledger) -> None:
    size = LogHead.objects.get().size
    attacker.cut(whole.shard, 1)
    attacker.relog()
    attacker.resign(None)
    expect(
        whole,
        "a whole shard is dropped, and the log made anew without it",
        r"leaf \d+: checkpoint-signature: the checkpoint at \d+ leaves: the signature of .* is false",
        rf"leaf {size - 4}: log-cut: the log was cut: the checkpointer signed {size} leaves, there are {size - 4}",
    )


# --- Everything is rewritten -----------------------------------------------------------------------------------------


def rewrite(ledger: Ledger, *, key: bool) -> None:
    """Makes one sale cheaper and everything in the database agree with it."""
    change(ledger, 2, cheaper)
    attacker.write_entries(ledger.shard, 2)
    attacker.reseal(ledger.shard, 1)
    attacker.relog()
    attacker.resign(signers()[0] if key else None)


def test_a_shard_and_the_log_are_rewritten_without_the_key(whole: Ledger) -> None:
    rewrite(whole, key=False)
    lines = expect(
        whole,
        "a shard is rewritten from its first block with fresh hashes, the log and its checkpoints made anew, unsigned",
        r"leaf 4: checkpoint-signature: the checkpoint at 5 leaves: the signature of .* is false",
        r"log-rewritten: the log was rewritten since the checkpointer signed \d+ leaves",
    )
    # The first checkpoint, before the block, is as it was signed.
    assert not any("the checkpoint at 3 leaves" in line for line in lines)


def test_the_old_checkpoints_are_kept(whole: Ledger) -> None:
    change(whole, 2, cheaper)
    attacker.write_entries(whole.shard, 2)
    attacker.reseal(whole.shard, 1)
    attacker.relog()
    expect(
        whole,
        "a shard is rewritten from its first block with fresh hashes, the log made anew, the checkpoints left",
        r"leaf 4: checkpoint-root: the checkpoint at 5 leaves has another root than they have: a change is among "
        r"leaves 3 to 4 \(.*shard {shard} block 2.*\)",
        r"log-rewritten: ",
    )


def test_everything_is_rewritten_and_signed_with_the_stolen_key(whole: Ledger) -> None:
    rewrite(whole, key=True)
    size = LogHead.objects.get().size
    expect(
        whole,
        "all of it signed again with the stolen key: the signer's own file knows",
        rf"log-rewritten: the log was rewritten since the checkpointer signed {size} leaves",
    )
    assert "the log does not continue what was signed" in " ".join(_sign_next(whole))


def _sign_next(ledger: Ledger) -> list[str]:
    """What the true checkpointer says when the next block comes."""
    ledger.other.send()
    flush_all(ALL_SHARDS)
    return catch_up().faults


def forge_state() -> None:
    """The signer's file is forged as well."""
    head = LogHead.objects.get()
    path = Path(settings.LOG_STATE_FILE)
    said = {**json.loads(path.read_text()), "size": head.size, "root": bytes(head.root).hex()}
    path.write_text(json.dumps(said))


def test_a_witness_refutes_the_stolen_key(whole: Ledger, settings: Any, tmp_path: Path) -> None:
    with GoodWitness(tmp_path, signers()[0].verifier).serving() as witness:
        settings.WITNESSES = [f"{witness.verifier.vkey} {witness.url}"]
        assert ask_witnesses() == [("good.example/1", None)]
        rewrite(whole, key=True)
        forge_state()
        expect(
            whole,
            "signed with the stolen key and the signer's file forged: a witness knows",
            r"witness-disagrees: good.example/1 contradicts our log: ",
        )


def test_a_witness_refutes_an_old_backup(whole: Ledger, settings: Any, tmp_path: Path) -> None:
    attacker.back_up()
    size = LogHead.objects.get().size
    with GoodWitness(tmp_path, signers()[0].verifier).serving() as witness:
        settings.WITNESSES = [f"{witness.verifier.vkey} {witness.url}"]
        whole.till.send()
        flush_all(ALL_SHARDS)
        assert catch_up().faults == []
        assert ask_witnesses() == [("good.example/1", None)]
        attacker.restore()
        forge_state()
        expect(
            whole,
            "an old backup of everything is put back, and the signer's file with it: a witness knows",
            rf"witness-disagrees: good.example/1 contradicts our log: it has cosigned {size + 1} leaves",
        )


def test_a_customers_proof_refutes_the_stolen_key_and_names_the_place(whole: Ledger) -> None:
    rewrite(whole, key=True)
    forge_state()
    expect(
        whole,
        "signed with the stolen key and the signer's file forged: a customer's older proof knows, and names the record",
        r"shard {shard}, block 2, position 2: proof-contradicted: the record is not the one that sale.json proves",
        r"log-rewritten: the log was rewritten since the log's key \(in sale.json\) signed 7 leaves",
        arguments=("--proof", str(whole.proof)),
    )


def test_two_histories_are_told_apart_by_one_checkpoint(whole: Ledger) -> None:
    rewrite(whole, key=True)
    forge_state()
    expect(
        whole,
        "two histories for two audiences: the checkpoint that the other one was shown knows",
        r"log-rewritten: the log was rewritten since the log's key \(in checkpoint.txt\) signed 7 leaves",
        arguments=("--proof", str(whole.checkpoint)),
    )


def test_the_log_is_rewritten_under_a_key_of_the_attackers_own(whole: Ledger, settings: Any) -> None:
    stranger = new_signer(signers()[0].verifier.name, signers()[0].verifier.kind)
    leaf = leaf_bytes(KeyLeaf(FORMAT_VERSION, stranger.verifier.vkey, None, "2026-01-01T00:00:00.000Z"))
    attacker.execute("UPDATE ledger_logentry SET leaf = %s WHERE index = 0", leaf)
    change(whole, 2, cheaper)
    attacker.write_entries(whole.shard, 2)
    attacker.reseal(whole.shard, 1)
    attacker.relog()
    attacker.resign(stranger)
    expect(
        whole,
        "everything is rewritten under a key of the attacker's own",
        r"log-rewritten: the log was rewritten since the checkpointer signed",
        r"checkpoint-signature: the log names the key .*, this machine signs with ",
        r"proof-contradicted: no key that the log names signed sale.json",
        r"shard {shard}, block 2, position 2: proof-contradicted: the record is not the one",
        arguments=("--proof", str(whole.proof)),
    )


# --- A receipt is kept out of ledger or log --------------------------------------------------------------------------


def test_a_block_is_kept_out_of_the_log(whole: Ledger) -> None:
    attacker.execute("DELETE FROM ledger_logentry WHERE shard = %s AND block = 2", whole.shard)
    attacker.relog()
    attacker.resign(signers()[0])
    expect(
        whole,
        "a block is kept out of the log",
        r"shard {shard}, block 2: block-not-logged: the log has later blocks of the shard, but not this one",
        r"shard {shard}, block 3, leaf \d+: log-gap: follows block 1 of its shard",
        r"leaf \d+: log-cut: ",
    )


def test_an_acknowledged_sale_is_taken_out_of_the_capture_store(whole: Ledger, store: Any) -> None:
    assert whole.till.send().status == 201
    last: Any = store.xrevrange(stream_key(whole.shard), count=1)
    assert whole.till.send().status == 201
    store.xdel(stream_key(whole.shard), last[0][0])
    stopped = flush_all(ALL_SHARDS).stopped
    PRINTED.extend(
        ["an acknowledged sale is taken out of the capture store before it is sealed (the flush stops the shard)"]
        + [f"    STOPPED shard {shard}: {reason}" for shard, reason in stopped.items()]
    )
    assert list(stopped) == [whole.shard]
    assert "should follow" in stopped[whole.shard]


def test_the_header_that_the_log_keeps_is_as_the_block_was_sealed(whole: Ledger) -> None:
    """The suite's own attacker leaves nothing behind that is not his doing: recomputing without a change is well."""
    before = read_header(bytes(Block.objects.get(id=block_key(whole.shard, 2)).header))
    attacker.write_entries(whole.shard, 2)
    attacker.reseal(whole.shard, 1)
    attacker.relog()
    attacker.resign(signers()[0])
    assert read_header(bytes(Block.objects.get(id=block_key(whole.shard, 2)).header)) == before
    assert whole.verify("--proof", str(whole.proof), str(whole.checkpoint)) == (0, [])
