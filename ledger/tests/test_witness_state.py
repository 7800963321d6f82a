"""What a witness keeps survives, is never taken back, and two submissions at once cannot both move it."""

import sqlite3
import stat
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from threading import Barrier

import pytest

from ledger.log.key_file import KeyFileError, make_key
from ledger.log.notes import LOG_KEY, WITNESS_KEY, new_signer
from ledger.tests.small_log import ORIGIN, SmallLog
from ledger.witness.decision import Answer, Seen, decide, read_submission
from ledger.witness.key_file import read_key
from ledger.witness.state import StateFile

NOW_S = 1_795_428_000
LOG = SmallLog()
WITNESS = new_signer("witness.example/1", WITNESS_KEY)
COPIES = 16


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "state")


def submit(state: StateFile, old: int, size: int, log: SmallLog = LOG) -> Answer:
    submission = read_submission(log.request(old, size), {ORIGIN: [log.signer.verifier]})
    return state.settle(ORIGIN, lambda seen: decide(submission, seen, WITNESS, NOW_S))


def size_of(state: StateFile) -> int:
    seen = state.seen(ORIGIN)
    return seen.size if seen else 0


def test_a_restart_keeps_what_was_cosigned(state: StateFile) -> None:
    submit(state, 0, 7)
    said = submit(state, 7, 9)
    kept = StateFile(state.path).seen(ORIGIN)
    assert kept == said.seen
    assert submit(StateFile(state.path), 7, 9).status == HTTPStatus.CONFLICT


def test_each_log_has_a_row_of_its_own(state: StateFile) -> None:
    submit(state, 0, 7)
    assert state.seen("other.example/log") is None
    assert state.settle("other.example/log", lambda seen: Answer(HTTPStatus.CONFLICT, str(seen.size))).body == "0"


def test_a_refusal_changes_nothing(state: StateFile) -> None:
    submit(state, 0, 7)
    before = state.seen(ORIGIN)
    forged = SmallLog(story="forged", signer=LOG.signer)
    assert submit(state, 7, 9, forged).status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert submit(state, 5, 9).status == HTTPStatus.CONFLICT
    assert state.seen(ORIGIN) == before


def test_of_many_submissions_at_once_from_the_same_size_one_moves_it(state: StateFile) -> None:
    submit(state, 0, 7)
    together = Barrier(COPIES)

    def one(number: int) -> int:
        together.wait()
        return submit(state, 7, 8 + number).status

    with ThreadPoolExecutor(COPIES) as pool:
        said = list(pool.map(one, range(COPIES)))
    assert sorted(said) == [HTTPStatus.OK] + [HTTPStatus.CONFLICT] * (COPIES - 1)
    assert size_of(state) == 8 + said.index(HTTPStatus.OK)


def test_a_second_submission_waits_until_the_first_is_kept(state: StateFile) -> None:
    """The race of the specification: B, checked while A is at work, must not roll back what A keeps."""
    submit(state, 0, 7)
    small = read_submission(LOG.request(7, 8), {ORIGIN: [LOG.signer.verifier]})
    with ThreadPoolExecutor(1) as pool:

        def slow(seen: Seen) -> Answer:
            later = pool.submit(submit, state, 7, 20)
            with pytest.raises(TimeoutError):
                later.result(timeout=0.3)
            waiting.append(later)
            return decide(small, seen, WITNESS, NOW_S)

        waiting: list[Future[Answer]] = []
        assert state.settle(ORIGIN, slow).status == HTTPStatus.OK
        assert waiting[0].result().status == HTTPStatus.CONFLICT
    assert size_of(state) == 8


def test_when_it_cannot_be_kept_nothing_is_answered(state: StateFile) -> None:
    submit(state, 0, 7)
    smaller = Answer(HTTPStatus.OK, "a cosignature", seen=Seen(5, LOG.head(5).root, ""))
    with pytest.raises(sqlite3.IntegrityError, match="never takes back"):
        state.settle(ORIGIN, lambda _: smaller)
    other_root = Answer(HTTPStatus.OK, "a cosignature", seen=Seen(7, bytes(32), ""))
    with pytest.raises(sqlite3.IntegrityError, match="never takes back"):
        state.settle(ORIGIN, lambda _: other_root)
    assert size_of(state) == 7
    assert submit(state, 7, 9).status == HTTPStatus.OK


def test_a_decision_that_fails_leaves_the_file_free(state: StateFile) -> None:
    def fail(seen: Seen) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        state.settle(ORIGIN, fail)
    assert submit(state, 0, 7).status == HTTPStatus.OK


def test_rows_are_never_deleted(state: StateFile) -> None:
    submit(state, 0, 7)
    with sqlite3.connect(state.path) as file, pytest.raises(sqlite3.IntegrityError, match="never forgets"):
        file.execute("DELETE FROM seen")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("something else, long enough to be looked at" * 40)
    with pytest.raises(sqlite3.DatabaseError):
        StateFile(tmp_path / "state")
    with pytest.raises(sqlite3.OperationalError):
        StateFile(tmp_path / "no folder" / "state")


def test_a_key_is_made_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    made = make_key("witness.example/1", WITNESS_KEY, tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert read_key(tmp_path / "key") == made
    assert made.verifier.kind == WITNESS_KEY


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    made = make_key("witness.example/1", WITNESS_KEY, tmp_path / "key")
    with pytest.raises(KeyFileError, match="never overwritten"):
        make_key("witness.example/1", WITNESS_KEY, tmp_path / "key")
    assert read_key(tmp_path / "key") == made


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_key("witness.example/1", WITNESS_KEY, tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize("text", ["", "no key", new_signer(ORIGIN, LOG_KEY).skey], ids=["empty", "text", "a log's"])
def test_what_is_no_witnesss_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(KeyFileError) as refused:
        read_key(tmp_path / "key")
    assert not text or text not in str(refused.value)
    with pytest.raises(KeyFileError, match="no name for a key"):
        make_key("a name with blanks", WITNESS_KEY, tmp_path / "other")
    assert not (tmp_path / "other").exists()
