"""Notes, keys and checkpoints are read as the specifications write them, and in no other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.log.checkpoint import (
    LogProof,
    TreeHead,
    decimal,
    decoded,
    proof_text,
    read_proof,
    read_tree_head,
)
from ledger.log.notes import (
    LOG_KEY,
    WITNESS_KEY,
    Note,
    NoteError,
    new_signer,
    read_note,
    read_skey,
    read_vkey,
    written,
)

# The example of c2sp.org/signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ER"
    "YNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
ROOT = bytes(range(32))


def test_the_specifications_own_note_is_verified_by_its_own_key() -> None:
    assert read_vkey(VKEY).time_s(read_note(NOTE)) == 0
    assert read_vkey(VKEY).vkey == VKEY


def test_one_changed_letter_makes_the_signature_false() -> None:
    with pytest.raises(NoteError, match="false"):
        read_vkey(VKEY).time_s(read_note(NOTE.replace("example message", "example massage")))


def test_a_key_that_did_not_sign_says_nothing() -> None:
    assert new_signer("example.com/foo", LOG_KEY).verifier.time_s(read_note(NOTE)) is None


def test_a_second_false_line_of_the_same_key_spoils_the_note() -> None:
    note = read_note(NOTE)
    false = note.signatures[0]._replace(signature=bytes(64))
    with pytest.raises(NoteError, match="false"):
        read_vkey(VKEY).time_s(Note(note.text, (note.signatures[0], false)))


@given(kind=st.sampled_from([LOG_KEY, WITNESS_KEY]), time_s=st.integers(1, 2**40))
def test_keys_and_notes_come_back_from_their_text(kind: int, time_s: int) -> None:
    signer = new_signer("log.example/possys", kind)
    assert read_skey(signer.skey) == signer
    assert read_vkey(signer.verifier.vkey) == signer.verifier
    text = TreeHead("log.example/possys", 7, ROOT).text
    note = read_note(written(text, [signer.sign(text, time_s).line]))
    assert note.text == text
    assert signer.verifier.time_s(note) == (time_s if kind == WITNESS_KEY else 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no blank line\n",
        "text\n\n",
        "text\n\n\u2014 name",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 name \u00e9\u00e9\u00e9\u00e9\n",
        "text\n\n\u2014 na+me AAAAAAAA\n",
        "text\ttab\n\n\u2014 name AAAAAAAA\n",
        "text\n\n" + "\u2014 name AAAAAAAA\n" * 65,
        "x" * 70_000,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        read_note(text)


@pytest.mark.parametrize(
    "text", ["", "a+b", VKEY[:-1], VKEY.replace("530d903a", "530d903b"), VKEY + "=", "a b+00000000+AA"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        read_vkey(text)


@pytest.mark.parametrize("text", ["", "01", "-1", "+1", "1_0", "\u0661", "9223372036854775808", "9" * 30])
def test_a_size_is_written_in_one_way(text: str) -> None:
    with pytest.raises(NoteError):
        decimal(text)
    assert decimal("9223372036854775807") == 2**63 - 1


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 44, "A" * 42 + "B=", "A" * 43 + "=\n", "-" * 43 + "="])
def test_a_hash_is_written_in_one_way(text: str) -> None:
    with pytest.raises(NoteError):
        decoded(text)


@pytest.mark.parametrize(
    "text", ["log\n7\n", "log\n7\n\n", "\n7\nAAAA\n", "log\nx\n" + "A" * 43 + "=\n", "log\n7\nshort\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        read_tree_head(text)


def test_extension_lines_of_a_checkpoint_are_passed_over() -> None:
    head = TreeHead("log.example", 7, ROOT)
    assert read_tree_head(head.text + "extension\n") == head


def test_a_log_proof_comes_back_from_its_text_with_and_without_extra_data() -> None:
    proof = LogProof(3, (ROOT, ROOT[::-1]), NOTE)
    text = proof_text(proof)
    assert read_proof(text) == proof
    assert read_proof(text.replace("\nindex", "\nextra AAAA\nindex")) == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n\nx",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
    ],
)
def test_what_is_no_log_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        read_proof(text)
