"""The witness as a WSGI application: what it keeps is on the disk before it speaks, and what it says to whom."""

from hashlib import sha256
from http import HTTPStatus
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import CommandError, call_command

from ledger.log.notes import WITNESS_KEY, Note, new_signer, read_note, read_signature
from ledger.tests.small_log import ORIGIN, SmallLog
from ledger.witness.app import WitnessApp
from ledger.witness.decision import BODY_BYTES_MAX
from ledger.witness.key_file import read_key
from ledger.witness.logs import read_logs
from ledger.witness.state import StateFile

NOW_S = 1_795_428_000
LOG = SmallLog()
WITNESS = new_signer("witness.example/1", WITNESS_KEY)
MONITORED = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


@pytest.fixture
def app(tmp_path: Path) -> WitnessApp:
    return WitnessApp(WITNESS, read_logs([LOG.signer.verifier.vkey]), StateFile(tmp_path / "state"), lambda: NOW_S)


def request(app: WitnessApp, method: str, path: str, raw: bytes = b"") -> Reply:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": BytesIO(raw)}
    body = b"".join(app(environ, lambda status, headers: said.append((status, headers))))
    status, headers = said[0]
    return Reply(int(status[:3]), dict(headers), body.decode())


def add(app: WitnessApp, old: int, size: int, log: SmallLog = LOG) -> Reply:
    return request(app, "POST", "/add-checkpoint", log.request(old, size))


def test_a_checkpoint_is_cosigned(app: WitnessApp) -> None:
    reply = add(app, 0, 7)
    line = read_signature(reply.body.removesuffix("\n"))
    assert reply.status == HTTPStatus.OK
    assert reply.headers["Content-Length"] == str(len(reply.body.encode()))
    assert WITNESS.verifier.time_s(Note(LOG.head(7).text, (line,))) == NOW_S


def test_a_conflict_names_the_size_in_its_own_content_type(app: WitnessApp) -> None:
    add(app, 0, 7)
    reply = add(app, 0, 9)
    assert (reply.status, reply.headers["Content-Type"], reply.body) == (409, "text/x.tlog.size", "7\n")


def test_what_is_kept_is_on_the_disk_before_the_first_word_of_the_answer(app: WitnessApp) -> None:
    """And when the process dies between the two, the log asks again and nothing is lost."""
    kept = []

    def die(status: str, headers: Any) -> None:
        kept.append(StateFile(app.state.path).seen(ORIGIN))
        raise SystemExit

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/add-checkpoint", "wsgi.input": BytesIO(LOG.request(0, 7))}
    with pytest.raises(SystemExit):
        app(environ, die)
    assert kept[0] is not None
    assert kept[0].size == 7
    again = WitnessApp(WITNESS, app.logs, StateFile(app.state.path), app.now_s)
    assert add(again, 0, 7).body == "7\n"
    assert add(again, 7, 7).status == HTTPStatus.OK


def test_a_state_file_that_cannot_be_written_means_no_cosignature(app: WitnessApp) -> None:
    app.state.path.unlink()
    app.state.path.mkdir()
    reply = add(app, 0, 7)
    assert reply.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "\u2014" not in reply.body


def test_a_log_caught_lying_is_written_down(app: WitnessApp, caplog: pytest.LogCaptureFixture) -> None:
    add(app, 0, 7)
    forged = SmallLog(story="forged", signer=LOG.signer)
    reply = add(app, 7, 9, forged)
    assert reply.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "does not lead to the root of the first 7 leaves" in reply.body
    assert forged.note(9) in caplog.text


def test_monitors_get_the_latest_checkpoint_with_both_signatures(app: WitnessApp) -> None:
    assert request(app, "GET", MONITORED).status == HTTPStatus.NOT_FOUND
    add(app, 0, 7)
    add(app, 7, 9)
    reply = request(app, "GET", MONITORED)
    note = read_note(reply.body)
    assert note.text == LOG.head(9).text
    assert LOG.signer.verifier.time_s(note) is not None
    assert WITNESS.verifier.time_s(note) == NOW_S
    assert request(app, "HEAD", MONITORED) == Reply(200, reply.headers, "")


def test_it_says_who_it_is_and_how_far(app: WitnessApp) -> None:
    assert f"{ORIGIN}: nothing cosigned yet" in request(app, "GET", "/").body
    add(app, 0, 7)
    said = request(app, "GET", "/").body
    assert WITNESS.verifier.vkey in said
    assert f"{ORIGIN}: 7 leaves, {MONITORED}" in said


@pytest.mark.parametrize("path", ["/checkpoint", "/x/checkpoint", MONITORED + "/", MONITORED[:-11], "/favicon.ico", ""])
def test_other_addresses_are_not_there(app: WitnessApp, path: str) -> None:
    add(app, 0, 7)
    assert request(app, "GET", path).status == HTTPStatus.NOT_FOUND


def test_other_methods_are_told_the_right_one(app: WitnessApp) -> None:
    assert request(app, "GET", "/add-checkpoint").status == HTTPStatus.METHOD_NOT_ALLOWED
    assert request(app, "GET", "/add-checkpoint").headers["Allow"] == "POST"
    assert request(app, "POST", "/").headers["Allow"] == "GET, HEAD"
    assert request(app, "DELETE", MONITORED).status == HTTPStatus.METHOD_NOT_ALLOWED


def test_no_more_of_a_body_is_read_than_a_request_may_have(app: WitnessApp) -> None:
    class Endless(BytesIO):
        def read(self, count: int | None = -1, /) -> bytes:
            assert count == BODY_BYTES_MAX + 1
            return b"x" * count

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/add-checkpoint", "wsgi.input": Endless()}
    said: list[str] = []
    app(environ, lambda status, headers: said.append(status))
    assert said == ["413 Request Entity Too Large"]


def test_the_command_makes_a_key_and_prints_the_public_part(tmp_path: Path) -> None:
    out = StringIO()
    call_command("witness_key", "witness.example/1", file=tmp_path / "key", stdout=out)
    assert out.getvalue() == f"{read_key(tmp_path / 'key').verifier.vkey}\n"
    with pytest.raises(CommandError, match="is there already, and a key is never overwritten"):
        call_command("witness_key", "witness.example/1", file=tmp_path / "key")
    with pytest.raises(CommandError, match=r"there is no folder .*/away: make it first"):
        call_command("witness_key", "witness.example/1", file=tmp_path / "away" / "key")


def test_the_command_names_what_it_cannot_use(tmp_path: Path) -> None:
    call_command("witness_key", "witness.example/1", file=tmp_path / "key", stdout=StringIO())
    good = {"key_file": tmp_path / "key", "state": tmp_path / "state", "log": [LOG.signer.verifier.vkey]}
    for changes, message in (
        ({"key_file": tmp_path / "none"}, "there is no key file .*: manage.py witness_key NAME --file"),
        ({"log": ["no-key"]}, "is no Ed25519 key|is no key"),
        ({"log": [WITNESS.verifier.vkey]}, "is a witness's key, not a log's"),
        ({"state": tmp_path / "away" / "state"}, "there is no folder .*/away for the state file"),
        ({"state": tmp_path}, "cannot be used as the state file"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("witness", **{**good, **changes})
