"""possys-verify against every vector, as a module and as the program that an auditor starts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from ledger import merkle
from ledger.log.checkpoint import TreeHead, encoded
from static.verify import possys_verify as verifier
from tests.verifiers import proofs, trees
from tests.verifiers.proofs import Vector

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


@pytest.mark.parametrize("vector", proofs.vectors(), ids=lambda vector: vector.name)
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


@pytest.mark.parametrize("key", ["", "nonsense", proofs.WITNESSES[0], f"{proofs.KEY[:-1]}d", "@/no/such/file"])
def test_a_call_that_cannot_be_used_is_told_apart(proof: Path, key: str) -> None:
    assert run(proof, "--key", key)[0] == 2


def test_a_missing_file_or_key_is_no_verdict(proof: Path) -> None:
    assert run(proof)[0] == 2
    assert run(proof.with_name("none.json"), "--key", proofs.KEY)[0] == 2
    assert run("consistency", proof, "--key", proofs.KEY)[0] == 2


@pytest.mark.parametrize("is_json", [True, False])
def test_the_program_checks_that_a_log_only_grew(tmp_path: Path, is_json: bool) -> None:
    leaves = [trees.leaf(at) for at in range(9)]
    for size in (5, 9):
        text = TreeHead(proofs.ORIGIN, size, merkle.root(leaves[:size])).text
        (tmp_path / str(size)).write_text(proofs.note(text, proofs.LOG))
    hashes = [encoded(step) for step in merkle.consistency_path(merkle.mth_of(leaves), 5, 9)]
    path = tmp_path / "proof"
    path.write_text(json.dumps({"old": 5, "new": 9, "hashes": hashes}) if is_json else "\n".join(hashes) + "\n")
    asked: list[str | Path] = ["consistency", tmp_path / "5", tmp_path / "9", path, "--key", proofs.KEY]
    assert run(*asked)[0] == 0

    text = TreeHead(proofs.ORIGIN, 9, merkle.root([*leaves[1:], leaves[0]])).text
    (tmp_path / "9").write_text(proofs.note(text, proofs.LOG))
    code, said = run(*asked)
    assert code == 1
    assert said.startswith("NOT VALID\n  consistency: ")


def test_a_consistency_proof_between_two_logs_is_refused(tmp_path: Path) -> None:
    for signer in (proofs.LOG, proofs.FOREIGN_LOG):
        text = TreeHead(signer.verifier.name, 5, trees.root(5)).text
        (tmp_path / signer.verifier.key_id.hex()).write_text(proofs.note(text, signer))
    (tmp_path / "proof").write_text("")
    files = [tmp_path / signer.verifier.key_id.hex() for signer in (proofs.LOG, proofs.FOREIGN_LOG)]
    keys = ["--key", proofs.KEY, "--key", proofs.FOREIGN_LOG.verifier.vkey]
    assert run("consistency", *files, tmp_path / "proof", *keys) == (
        1,
        "NOT VALID\n  origin: The checkpoints are of two logs, 'ledger.example/log' and 'other.example/log'.\n",
    )


def test_the_program_stays_readable_and_alone() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) < 300
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if re.match("(import|from) ", line)}
    assert imported - sys.stdlib_module_names == {"cryptography"}
