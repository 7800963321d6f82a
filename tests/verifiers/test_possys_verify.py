"""possys-verify against every vector, as a module and as the program that an auditor starts."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from ledger import merkle
from ledger.log.checkpoint import TreeHead, encoded
from ledger.log.notes import Signer
from static.verify import possys_verify as verifier
from tests.verifiers import proofs, trees
from tests.verifiers.vectors import Vector, vectors

PROGRAM = settings.BASE_DIR / "static" / "verify" / "possys_verify.py"
REFUSED = "refused"


def verdict_of(vector: Vector) -> str:
    """`valid`, or the short name of the check that refuses it."""
    keys = [verifier.read_key(key, verifier.LOG_KEY) for key in vector.keys]
    witnesses = [verifier.read_key(key, verifier.WITNESS_KEY) for key in vector.witnesses]
    try:
        verifier.verify_proof(vector.raw, keys, witnesses, vector.quorum, vector.code)
    except verifier.Refused as fault:
        return str(fault).partition(":")[0]
    return "valid"


def root_of(vector: trees.Inclusion) -> bytes | str:
    """The root to which possys-verify comes."""
    try:
        return verifier.root_of_path(vector.leaf, vector.leaf_index, vector.size, vector.path, "path")
    except verifier.Refused:
        return REFUSED


def root_of_ledger(vector: trees.Inclusion) -> bytes | str:
    """The root to which the ledger's own check comes."""
    try:
        return merkle.root_of_path(vector.leaf, vector.leaf_index, vector.size, vector.path)
    except merkle.ProofError:
        return REFUSED


def is_consistent(vector: trees.Consistency) -> bool:
    """Whether possys-verify accepts it."""
    try:
        verifier.check_consistency(*vector)
    except verifier.Refused:
        return False
    return True


def is_consistent_to_ledger(vector: trees.Consistency) -> bool:
    """Whether the ledger's own check accepts it."""
    try:
        merkle.check_consistency(*vector)
    except merkle.ProofError:
        return False
    return True


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_every_vector_has_its_verdict(vector: Vector) -> None:
    assert verdict_of(vector) == vector.verdict


def test_no_flipped_bit_passes() -> None:
    right = Vector("", proofs.maker().raw, "valid")
    passed = [at for at, raw in enumerate(proofs.flips(right.raw)) if verdict_of(right._replace(raw=raw)) == "valid"]
    assert verdict_of(right) == "valid"
    assert passed == []


def test_every_leaf_leads_to_the_root_of_a_tree_built_by_brute_force() -> None:
    roots = [trees.root(size) for size in range(trees.SIZE_MAX + 1)]
    for vector in trees.inclusions():
        assert root_of(vector) == roots[vector.size], vector
        assert (
            merkle.inclusion_path(merkle.mth_of([trees.leaf(at) for at in range(vector.size)]), *vector[:2])
            == vector.path
        )


def test_a_spoiled_path_never_leads_to_the_root() -> None:
    for right in trees.inclusions():
        for vector in trees.spoiled(right):
            found = root_of(vector)
            assert found == root_of_ledger(vector), vector
            # Some paths are the same in trees of two sizes: the size is held by the checkpoint's signature.
            assert found != trees.root(right.size) or vector.size != right.size, vector


def test_every_tree_begins_with_the_smaller_ones() -> None:
    for vector in trees.consistencies():
        assert is_consistent(vector), vector
        mth = merkle.mth_of([trees.leaf(at) for at in range(vector.newer)])
        assert merkle.consistency_path(mth, vector.older, vector.newer) == vector.path


def test_a_spoiled_consistency_proof_is_refused() -> None:
    for right in trees.consistencies():
        for vector in trees.spoiled_consistency(right):
            accepted = is_consistent(vector)
            assert accepted == is_consistent_to_ledger(vector), vector
            # As above; and every tree begins with the empty one, whatever its root.
            sizes_are_right = (vector.older, vector.newer) == (right.older, right.newer)
            assert not accepted or not sizes_are_right or vector.older == 0, vector


def run(*arguments: str | Path) -> tuple[int, str]:
    """The program's exit code and what it printed, as on a machine that has only it and `cryptography`."""
    command = [sys.executable, "-I", str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    """A right proof on the disk."""
    path = tmp_path / "proof.json"
    path.write_bytes(proofs.maker().raw)
    return path


def test_the_program_says_what_is_proven(proof: Path, tmp_path: Path) -> None:
    key = tmp_path / "log.vkey"
    key.write_text(proofs.KEY + "\n")
    first, second = proofs.WITNESSES
    asked: list[str | Path] = [
        proof,
        "--key",
        f"@{key}",
        "--witness",
        first,
        "--witness",
        second,
        "--quorum",
        "2",
        "--code",
        proofs.CODE,
    ]
    code, text = run(*asked)
    assert code == 0
    assert text.startswith("VALID\n")
    said = [proofs.CODE, "2026-11-23T09:00:01.123Z", "10300", "CZK", proofs.ORIGIN, "5 leaves", "2026-11-24"]
    assert [words for words in said if words not in text] == []
    assert "lines" not in text
    assert '"lines"' in run(*asked, "--show")[1]


def test_the_program_names_what_is_wrong(proof: Path) -> None:
    proof.write_bytes(proofs.maker().raw.replace(b"10300", b"10301", 1))
    code, text = run(proof, "--key", proofs.KEY)
    assert code == 1
    assert text.startswith("NOT VALID\n  leaf-path: The record's hash ")


def test_a_signature_of_a_key_that_was_not_given_is_counted_and_not_called_none(proof: Path) -> None:
    first = proofs.WITNESSES[0]
    stranger, others = proofs.STRANGER.verifier.vkey, "by a key that was not given: not checked"
    nobody = f"not cosigned by a given witness; 2 more signatures {others}"
    said: dict[tuple[str, ...], str] = {
        (): nobody,
        ("--witness", stranger, "--quorum", "0"): nobody,
        ("--witness", first): f"cosigned by bank.example/witness at 2026-11-24 10:00:00Z; 1 more signature {others}",
    }
    for witnesses, words in said.items():
        code, text = run(proof, "--key", proofs.KEY, *witnesses)
        assert (code, text.splitlines()[-1]) == (0, f"  {words}")
    proof.write_bytes(proofs.maker()._replace(signers=(proofs.LOG,)).raw)
    assert run(proof, "--key", proofs.KEY)[1].endswith("  not cosigned by a given witness\n")


def test_a_text_that_is_no_key_is_told_what_is_expected(proof: Path) -> None:
    for text in ("garbage", "name+id", "name+00000000+"):
        code, said = run(proof, "--key", text)
        assert code == 2
        assert f"'{text}' is no key: name+id+base64 is expected." in said
    assert "is no key of kind 1, or it was copied wrongly" in run(proof, "--key", proofs.KEY.replace("+7", "+6"))[1]


@pytest.mark.parametrize("key", ["", "nonsense", proofs.WITNESSES[0], f"{proofs.KEY[:-1]}d", "@/no/such/file"])
def test_a_call_that_cannot_be_used_is_told_apart(proof: Path, key: str) -> None:
    assert run(proof, "--key", key)[0] == 2


def test_a_missing_file_or_key_is_no_verdict(proof: Path) -> None:
    assert run(proof)[0] == 2
    assert run(proof.with_name("none.json"), "--key", proofs.KEY)[0] == 2
    assert run("consistency", proof, "--key", proofs.KEY)[0] == 2


LEAVES = [trees.leaf(at) for at in range(9)]


def checkpoint(path: Path, leaves: list[bytes], signer: Signer = proofs.LOG) -> Path:
    """A signed checkpoint of these leaves on the disk."""
    path.write_text(proofs.note(TreeHead(signer.verifier.name, len(leaves), merkle.root(leaves)).text, signer))
    return path


def consistency(path: Path, old: int, new: int, *, is_json: bool) -> Path:
    """The proof between the first `old` and `new` of the leaves on the disk, in either form."""
    hashes = [encoded(step) for step in merkle.consistency_path(merkle.mth_of(LEAVES), old, new)]
    path.write_text(json.dumps({"old": old, "new": new, "hashes": hashes}) if is_json else "\n".join(hashes) + "\n")
    return path


@pytest.fixture
def grown(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Checks a log of five leaves that grew to nine, with one of its parts replaced."""
    right = {
        "old": checkpoint(tmp_path / "old", LEAVES[:5]),
        "new": checkpoint(tmp_path / "new", LEAVES),
        "proof": consistency(tmp_path / "proof", 5, 9, is_json=True),
    }
    keys = ["--key", proofs.KEY, "--key", proofs.FOREIGN_LOG.verifier.vkey]
    return lambda **replaced: run("consistency", *{**right, **replaced}.values(), *keys)


@pytest.mark.parametrize("is_json", [True, False])
def test_the_program_checks_that_a_log_only_grew(
    grown: Callable[..., tuple[int, str]], tmp_path: Path, is_json: bool
) -> None:
    code, said = grown(proof=consistency(tmp_path / "own", 5, 9, is_json=is_json))
    assert code == 0
    assert "the log of 9 leaves begins with the log of 5" in said


def test_a_log_that_did_more_than_grow_is_refused(grown: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    other = checkpoint(tmp_path / "other", [*LEAVES[1:], LEAVES[0]])
    thief = Signer(proofs.LOG.verifier, bytes([9]) * 32)
    wrong = {
        "consistency: The first 5 leaves": {"old": checkpoint(tmp_path / "forked", LEAVES[4:])},
        "consistency: The hashes do not": {"new": checkpoint(tmp_path / "changed", [*LEAVES[:8], LEAVES[0]])},
        "consistency: 9 leaves cannot": {"old": other, "proof": consistency(tmp_path / "1", 5, 9, is_json=False)},
        "proof: The proof is for other": {"proof": consistency(tmp_path / "2", 4, 9, is_json=True)},
        "origin: The checkpoints are of two": {"old": checkpoint(tmp_path / "3", LEAVES[:5], proofs.FOREIGN_LOG)},
        "signature: The signature of": {"old": checkpoint(tmp_path / "4", LEAVES[:5], thief)},
        "key: No given key": {"new": checkpoint(tmp_path / "5", LEAVES, proofs.NEXT_LOG)},
        "checkpoint: ": {"old": consistency(tmp_path / "6", 5, 9, is_json=True)},
    }
    wrong["consistency: 9 leaves cannot"]["new"] = checkpoint(tmp_path / "7", LEAVES[:5])
    for words, replaced in wrong.items():
        code, said = grown(**replaced)
        assert code == 1
        assert said.startswith(f"NOT VALID\n  {words}"), said


def test_the_program_stays_readable_and_alone() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) < 325
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if re.match("(import|from) ", line)}
    assert imported - sys.stdlib_module_names == {"cryptography"}


DOCUMENT = settings.BASE_DIR / "docs" / "proof-format.md"
BY_HAND = ("jq", "xxd", "openssl", "sh")


def test_the_document_s_example_is_this_file_and_what_is_said_of_it(proof: Path) -> None:
    text = DOCUMENT.read_text()
    first, second = proofs.WITNESSES
    said = run(proof, "--key", proofs.KEY, "--witness", first, "--witness", second)[1]
    for part in (proof.read_text(), "\n".join((proofs.KEY, first, second)), said):
        assert f"\n{part.rstrip()}\n```" in text


@pytest.mark.skipif(not all(map(shutil.which, BY_HAND)), reason=f"needs {', '.join(BY_HAND)}")
def test_the_document_s_commands_check_the_example_by_hand(proof: Path) -> None:
    commands = DOCUMENT.read_text().split("```sh\n")[1].split("```")[0]
    done = subprocess.run(["sh", "-e"], input=commands, capture_output=True, text=True, cwd=proof.parent, check=False)
    found, root, found_top, top, signature = done.stdout.splitlines()
    assert (found, found_top, signature) == (root, top, "Signature Verified Successfully")
