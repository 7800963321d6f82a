"""Every MUST of c2sp.org/tlog-witness for add-checkpoint, on the pure decision."""

import base64
from http import HTTPStatus

import pytest

from ledger.log.checkpoint import TreeHead, path_lines
from ledger.log.notes import LOG_KEY, WITNESS_KEY, Note, Signature, new_signer, read_note, read_signature, written
from ledger.merkle import EMPTY_ROOT
from ledger.tests.small_log import ORIGIN, SmallLog, body
from ledger.witness.decision import (
    BODY_BYTES_MAX,
    NOTHING_SEEN,
    PROOF_LINES_MAX,
    SIZE,
    Answer,
    Logs,
    Refused,
    Seen,
    decide,
    read_submission,
)

NOW_S = 1_795_428_000
LOG = SmallLog()
WITNESS = new_signer("witness.example/1", WITNESS_KEY)
LOGS: Logs = {ORIGIN: [LOG.signer.verifier]}


def seen(size: int, log: SmallLog = LOG) -> Seen:
    return Seen(size, log.head(size).root, "")


def answer(raw: bytes, last: Seen = NOTHING_SEEN, logs: Logs = LOGS) -> Answer:
    try:
        return decide(read_submission(raw, logs), last, WITNESS, NOW_S)
    except Refused as refused:
        return refused.answer


def status(raw: bytes, last: Seen = NOTHING_SEEN, logs: Logs = LOGS) -> int:
    said = answer(raw, last, logs)
    assert (said.seen is not None) == (said.status == HTTPStatus.OK)
    assert ("\u2014 " in said.body) == (said.status == HTTPStatus.OK)
    return said.status


def test_the_first_checkpoint_is_cosigned_with_the_time() -> None:
    said = answer(LOG.request(0, 7))
    line = read_signature(said.body.removesuffix("\n"))
    assert said.status == HTTPStatus.OK
    assert WITNESS.verifier.time_s(Note(LOG.head(7).text, (line,))) == NOW_S


@pytest.mark.parametrize(("old", "new"), [(1, 2), (7, 13), (8, 13), (16, 32), (31, 40), (7, 7), (1, 1)])
def test_a_log_that_only_grew_is_cosigned(old: int, new: int) -> None:
    said = answer(LOG.request(old, new), seen(old))
    assert said.status == HTTPStatus.OK
    assert said.seen is not None
    assert said.seen[:2] == (new, LOG.head(new).root)


def test_what_monitors_read_has_the_logs_and_the_witnesss_signature_and_no_other() -> None:
    stranger = new_signer("stranger.example", LOG_KEY).sign(LOG.head(7).text).line
    said = answer(body(0, [], LOG.note(7, stranger)))
    assert said.seen is not None
    note = read_note(said.seen.note)
    assert [one.name for one in note.signatures] == [ORIGIN, WITNESS.verifier.name]
    assert LOG.signer.verifier.time_s(note) is not None
    assert WITNESS.verifier.time_s(note) == NOW_S
    assert said.seen.note.endswith(said.body)


def test_extension_lines_are_cosigned_too() -> None:
    text = LOG.head(7).text + "an extension\n"
    said = answer(body(0, [], written(text, [LOG.signer.sign(text).line])))
    line = read_signature(said.body.removesuffix("\n"))
    assert WITNESS.verifier.time_s(Note(text, (line,))) == NOW_S


@pytest.mark.parametrize("old", [0, 6, 8])
def test_a_stale_old_size_is_told_the_latest(old: int) -> None:
    said = answer(LOG.request(old, 9), seen(7))
    assert (said.status, said.content_type, said.body) == (HTTPStatus.CONFLICT, SIZE, "7\n")


def test_an_old_size_of_a_log_never_seen_is_told_zero() -> None:
    said = answer(LOG.request(3, 9))
    assert (said.status, said.body) == (HTTPStatus.CONFLICT, "0\n")


def test_a_checkpoint_below_the_latest_is_never_cosigned() -> None:
    assert status(LOG.request(5, 6), seen(7)) == HTTPStatus.CONFLICT
    assert status(LOG.request(6, 6), seen(7)) == HTTPStatus.CONFLICT


def test_an_old_size_above_the_checkpoints_is_a_bad_request_whatever_is_remembered() -> None:
    assert status(LOG.request(8, 7), seen(8)) == HTTPStatus.BAD_REQUEST
    assert status(LOG.request(8, 7)) == HTTPStatus.BAD_REQUEST


def test_another_root_at_the_same_size_is_refused() -> None:
    other = SmallLog(story="forged", signer=LOG.signer)
    assert status(other.request(7, 7), seen(7)) == HTTPStatus.UNPROCESSABLE_ENTITY


def test_another_history_is_refused_with_its_own_proof_and_with_ours() -> None:
    other = SmallLog(story="forged", signer=LOG.signer)
    assert status(other.request(7, 9), seen(7)) == HTTPStatus.UNPROCESSABLE_ENTITY
    ours = body(7, path_lines(LOG.path(7, 9)), other.note(9))
    assert status(ours, seen(7)) == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("change", ["none", "fewer", "more", "swapped", "bit"])
def test_a_proof_that_is_not_exactly_right_is_refused(change: str) -> None:
    path = LOG.path(7, 13)
    changed = {
        "none": [],
        "fewer": path[:-1],
        "more": [*path, path[0]],
        "swapped": path[::-1],
        "bit": [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]],
    }[change]
    assert status(body(7, path_lines(changed), LOG.note(13)), seen(7)) == HTTPStatus.UNPROCESSABLE_ENTITY


def test_nothing_is_to_be_proven_from_an_empty_log() -> None:
    assert status(body(0, path_lines(LOG.path(7, 9)), LOG.note(9))) == HTTPStatus.UNPROCESSABLE_ENTITY


def test_an_empty_log_has_the_empty_trees_root() -> None:
    assert status(LOG.request(0, 0)) == HTTPStatus.OK
    text = TreeHead(ORIGIN, 0, bytes(32)).text
    note = written(text, [LOG.signer.sign(text).line])
    assert LOG.head(0).root == EMPTY_ROOT
    assert status(body(0, [], note)) == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_log_of_another_origin_is_not_known() -> None:
    other = SmallLog(signer=new_signer("other.example/log", LOG_KEY))
    assert status(other.request(0, 7)) == HTTPStatus.NOT_FOUND


def test_a_checkpoint_without_a_trusted_signature_is_forbidden() -> None:
    assert status(SmallLog().request(0, 7)) == HTTPStatus.FORBIDDEN
    unsigned = written(LOG.head(7).text, [WITNESS.sign(LOG.head(7).text, NOW_S).line])
    assert status(body(0, [], unsigned)) == HTTPStatus.FORBIDDEN


def test_a_false_line_of_a_trusted_key_is_forbidden_even_behind_a_good_one() -> None:
    own = LOG.signer.verifier
    false = Signature(own.name, own.key_id, bytes(64)).line
    short = Signature(own.name, own.key_id, bytes(3)).line
    assert status(body(0, [], written(LOG.head(7).text, [false]))) == HTTPStatus.FORBIDDEN
    assert status(body(0, [], LOG.note(7, false))) == HTTPStatus.FORBIDDEN
    assert status(body(0, [], LOG.note(7, short))) == HTTPStatus.FORBIDDEN


def test_signatures_of_unknown_keys_are_ignored_even_when_they_borrow_the_name() -> None:
    borrowed = Signature(ORIGIN, b"\x01\x02\x03\x04", bytes(64)).line
    post_quantum = Signature("other.example/w", b"\x06\x06\x06\x06", bytes(2420)).line
    assert status(body(0, [], LOG.note(7, borrowed, *[post_quantum] * 15))) == HTTPStatus.OK


def test_a_log_with_two_keys_may_sign_with_either() -> None:
    second = new_signer(ORIGIN, LOG_KEY)
    logs = {ORIGIN: [LOG.signer.verifier, second.verifier]}
    assert status(LOG.request(0, 7), logs=logs) == HTTPStatus.OK
    assert status(SmallLog(signer=second).request(7, 9), seen(7), logs) == HTTPStatus.OK


NOTE = LOG.note(9)
HASH = path_lines([LOG.head(1).root])[0]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"old 0\n",
        b"\n\n",
        b"\xff\xfe",
        b"old 0\n\n",
        NOTE.encode(),
        body("", [], NOTE),
        body("-1", [], NOTE),
        body("+0", [], NOTE),
        body("00", [], NOTE),
        body("07", [], NOTE),
        body(" 0", [], NOTE),
        body("0 ", [], NOTE),
        body("\u0660", [], NOTE),
        body(0, ["no base64"], NOTE),
        body(0, ["AAAA"], NOTE),
        body(0, [HASH + " "], NOTE),
        body(0, [HASH.rstrip("=")], NOTE),
        body(0, [], NOTE).replace(b"old", b"new"),
        body(0, [], NOTE).replace(b"\n", b"\r\n"),
        body(0, [], NOTE.removesuffix("\n")),
        body(0, [], NOTE.replace("\n9\n", "\n09\n")),
        body(0, [], NOTE.replace("\n9\n", "\n9999999999999999999\n")),
        body(0, [], NOTE.replace("\n\n\u2014 ", "\n\u2014 ")),
        body(0, [], NOTE.replace("\u2014 ", "\u2014 \u00e9+ ")),
        body(0, [], f"{NOTE}\u2014 name \u00e9\n"),
    ],
)
def test_what_cannot_be_read_is_a_bad_request(raw: bytes) -> None:
    assert status(raw) == HTTPStatus.BAD_REQUEST


def test_a_proof_has_63_hashes_at_most() -> None:
    assert status(body(7, [HASH] * PROOF_LINES_MAX, NOTE), seen(7)) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert status(body(7, [HASH] * (PROOF_LINES_MAX + 1), NOTE), seen(7)) == HTTPStatus.BAD_REQUEST


def test_the_largest_ordinary_request_fits_and_a_larger_body_is_refused() -> None:
    line = Signature("witness.example/1", b"\x04\x04\x04\x04", bytes(72)).line
    largest = body(7, [HASH] * PROOF_LINES_MAX, LOG.note(9, *[line] * 63))
    assert len(largest) < BODY_BYTES_MAX
    assert status(largest, seen(7)) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert status(b"x" * (BODY_BYTES_MAX + 1)) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_every_changed_byte_of_a_request_is_refused() -> None:
    raw = LOG.request(7, 13)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert status(changed, seen(7)) != HTTPStatus.OK, changed


def test_the_public_key_in_a_line_is_the_witnesss() -> None:
    raw = base64.b64decode(answer(LOG.request(0, 7)).body.split(" ")[2])
    assert raw[:4] == WITNESS.verifier.key_id
    assert int.from_bytes(raw[4:12], "big") == NOW_S
    assert len(raw) == 4 + 8 + 64
