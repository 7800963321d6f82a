"""A witness as an institution runs it: `manage.py witness`, without PostgreSQL or Valkey, killed and started again."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings

from ledger.log import checkpointer
from ledger.log.checkpoint import encoded
from ledger.log.models import Checkpoint, WitnessContact
from ledger.log.notes import Note, read_note, read_signature, read_skey, read_vkey
from ledger.tests.small_log import SmallLog
from ledger.tests.witness_rows import forget_checkpoints
from ledger.witness.client import Client as AskingClient
from ledger.witness.collecting import Collector, ask_witnesses
from ledger.witness.configured import Witness
from tests.tills import Till

LIMIT_S = 30
LOG = SmallLog()


class WitnessProcess:
    """The command with its files in a folder, on a port of its own."""

    def __init__(self, folder: Path, log_vkey: str) -> None:
        self.folder = folder
        self.log_vkey = log_vkey
        # No server listens there: the witness must not want one.
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }
        with socket.create_server(("127.0.0.1", 0)) as drawn:
            self.port = drawn.getsockname()[1]
        made = self._command("witness_key", "witness.example/1", "--file", str(folder / "key"))
        self.verifier = read_vkey(subprocess.check_output(made, env=self.environment, cwd=settings.BASE_DIR, text=True))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, dies_at: str = "") -> None:
        command = self._command(
            "witness", "--key-file", str(self.folder / "key"), "--state", str(self.folder / "state"), "--log",
            self.log_vkey, "--bind", f"127.0.0.1:{self.port}",
        )  # fmt: skip
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env={**self.environment, "FAILPOINT": dies_at},
                cwd=settings.BASE_DIR,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait_until(answers=True)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def end(self, how: signal.Signals) -> None:
        """Ends the command and the process that it serves from; both are in a group of their own."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            self.process.wait()
        self.wait_until(answers=False)

    def wait_until(self, *, answers: bool) -> None:
        limit = time.monotonic() + LIMIT_S
        while self.answers() != answers:
            assert time.monotonic() < limit, (self.folder / "output").read_text()
            time.sleep(0.05)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "manage.py", *words]


@contextmanager
def started(folder: Path, log_vkey: str) -> Iterator[WitnessProcess]:
    process = WitnessProcess(folder, log_vkey)
    process.start()
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    with started(tmp_path, LOG.signer.verifier.vkey) as process:
        yield process


def add(line: http.client.HTTPConnection, old: int, size: int) -> tuple[int, str, str]:
    line.request("POST", "/add-checkpoint", LOG.request(old, size))
    answer = line.getresponse()
    return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()


def test_a_witness_cosigns_over_http_and_remembers_after_kill_9(witness: WitnessProcess) -> None:
    line = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=20)
    status, _, body = add(line, 0, 7)
    drawn = line.sock
    assert status == 200
    time_s = witness.verifier.time_s(Note(LOG.head(7).text, (read_signature(body.removesuffix("\n")),)))
    assert time_s is not None
    assert abs(time_s - time.time()) < 60
    assert add(line, 7, 9)[0] == 200
    # Connections stay open between two checkpoints.
    assert line.sock is drawn

    witness.end(signal.SIGKILL)
    witness.start()
    line = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=20)
    assert add(line, 7, 9) == (409, "text/x.tlog.size", "9\n")
    assert add(line, 9, 40)[0] == 200
    line.request("GET", "/")
    said = line.getresponse().read().decode()
    assert f"{LOG.signer.verifier.name}: 40 leaves" in said
    line.close()
    witness.end(signal.SIGTERM)
    assert witness.process is not None
    printed = (witness.folder / "output").read_text()
    assert printed.count("is new: this witness remembers nothing") == 1
    assert "Traceback" not in printed


def test_dying_between_keeping_and_answering_loses_nothing(witness: WitnessProcess) -> None:
    witness.end(signal.SIGTERM)
    witness.start(dies_at="witness.after-keep")
    line = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=20)
    with pytest.raises(OSError, match=r"without response|reset"):
        add(line, 0, 7)
    witness.end(signal.SIGKILL)
    witness.start()
    with AskingClient(Witness(witness.verifier, f"http://127.0.0.1:{witness.port}")) as client:
        assert client.cosign(LOG.note(7), old=0, prove=LOG.path).time_s
        assert client.cosign(LOG.note(9), old=7, prove=LOG.path).time_s


def test_a_connection_that_ended_with_the_old_process_is_opened_anew(witness: WitnessProcess) -> None:
    with AskingClient(Witness(witness.verifier, f"http://127.0.0.1:{witness.port}")) as client:
        assert client.cosign(LOG.note(7), old=0, prove=LOG.path).time_s
        witness.end(signal.SIGTERM)
        witness.start()
        assert client.cosign(LOG.note(9), old=7, prove=LOG.path).time_s


def test_the_checkpointer_publishes_what_a_witness_cosigned_and_is_contradicted_when_the_log_is_cut(
    tmp_path: Path, till: Till, flush_everything: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    with started(tmp_path, read_skey(settings.LOG_KEY).verifier.vkey) as witness, override_settings(
        WITNESSES=[f"{witness.verifier.vkey} http://127.0.0.1:{witness.port}"], WITNESS_QUORUM=1
    ):  # fmt: skip
        for _ in range(3):
            till.send()
            flush_everything()
            checkpointer.run(hold=lambda: True, tick_s=1.2)
            published = Client().get("/log/checkpoint").content.decode()
            newest = Checkpoint.objects.order_by("-size")[0]
            note = read_note(published)
            assert published.startswith(newest.note)
            assert witness.verifier.time_s(note) is not None
        assert ask_witnesses() == [("witness.example/1", None)]
        header = till.send().headers["Possys-Checkpoint"]
        assert header == f"{newest.size} {encoded(bytes(newest.root))}"

        # Whoever has the database cuts the log and everything that says how long it was.
        forget_checkpoints(above=2)
        ((_, fault),) = ask_witnesses()
        assert (
            fault == f"contradicts our log: it has cosigned {newest.size} leaves, our log has only 2: the log was cut"
        )
        collector = Collector()
        collector.submit(Checkpoint.objects.get(size=2))
        limit = time.monotonic() + LIMIT_S
        while not WitnessContact.objects.exclude(fault="").exists():
            assert time.monotonic() < limit
            time.sleep(0.05)
        collector.close()
        assert "ALARM the witness witness.example/1 contradicts our log" in caplog.text
