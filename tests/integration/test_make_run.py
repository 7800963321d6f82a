"""`make run` as its reader lives it: what it prints is true, what dies comes back, nothing is left behind."""

import http
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from possys.embedded.ports import free_port

PROJECT = Path(__file__).resolve().parents[2]
# Reaching it means that something hangs, not that the machine is slow.
LIMIT_S = 60
SERVER_VARIABLES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "SITE_URL", "PORT")


class Run:
    """One `make run`, without make, in a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._output = folder.parent / "output"
        self._output.write_text("")
        environment = {name: value for name, value in os.environ.items() if name not in SERVER_VARIABLES}
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "possys.embedded", "run", "--folder", folder],
                cwd=PROJECT,
                env={**environment, "PORT": str(port), "WEEKS": "0"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, pattern: str) -> "re.Match[str]":
        """Wait until it has printed this; fail with all it printed when it ends or takes for ever."""
        wait_until(lambda: bool(re.search(pattern, self.output)) or self.process.poll() is not None, pattern)
        found = re.search(pattern, self.output)
        assert found, f"ended without printing {pattern}:\n{self.output}"
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)


def wait_until(happened: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < limit, f"still waiting for {what}"
        time.sleep(0.1)


def belonging(folder: Path) -> list[psutil.Process]:
    """The living processes that name this folder, or are descended from one that does."""
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        try:
            places = [process.cwd(), *process.cmdline(), process.environ().get("DATABASE_URL", "")]
            if any(str(folder) in place for place in places):
                found |= {process, *process.children(recursive=True)}
        except psutil.Error:
            continue
    return [process for process in found if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def runs() -> Iterator[Callable[[], Run]]:
    started: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="make run ") as made:
        Path(made).chmod(0o711)
        port = free_port()

        def start() -> Run:
            started.append(Run(Path(made) / "local", port))
            return started[-1]

        yield start
        for run in started:
            if run.process.poll() is None:
                run.end(signal.SIGTERM)


def test_a_run_does_what_it_says_heals_itself_and_leaves_nothing_behind(runs: Callable[[], Run]) -> None:
    run = runs()
    curl = run.wait_for(r"(?m)^\s*curl .*$")[0]
    url = run.wait_for(r"Receipts +(http://\S+)/\n")[1]
    receipt = run.wait_for(r"A receipt to look up: \S+ +(http://\S+/r/\S+)")[1]
    run.wait_for(r"sales/s   answer .* ms   backlog .*   ledger [1-9][0-9,]* sales in [1-9]")
    everything = belonging(run.folder)

    answer = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", json.loads(answer)["code"])
    for page in (receipt, f"{url}/", f"{url}/admin/login/", f"{url}/api/docs/"):
        wait_for_page(page)

    second = subprocess.run(
        [sys.executable, "-m", "possys.embedded", "run", "--folder", run.folder],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"process {run.process.pid}, {url}" in second.stderr

    for pattern, name in ((r"postgres -D", "PostgreSQL"), (r"celery.*--queues flush", "flush worker")):
        victims = [
            child
            for child in psutil.Process(run.process.pid).children()
            # One that has just died of the kill before is looked at within a second.
            if is_alive(child) and re.search(pattern, " ".join(child.cmdline()))
        ]
        victims[0].kill()
        run.wait_for(f"{name} has ended and is started again")
    healed_from = len(run.output)
    wait_until(lambda: bool(re.search(r"sales/s .* backlog \d+ ", run.output[healed_from:])), "life after the kills")

    assert run.end(signal.SIGINT) == 0
    stopped = re.findall(r"stopping (.*)", run.output)
    workers = "flush worker, worker, mail worker, feed worker, checkpointer"
    # Whichever of the demo's errands were still at work.
    assert set(stopped[0].split(", ")) <= {"lottery", "demo books", "demo stock", "demo findings"}
    assert stopped[1:5] == ["replay", "gunicorn", "beat", workers]
    assert stopped[-1].startswith("PostgreSQL")
    assert [process for process in everything if is_alive(process)] == []
    assert belonging(run.folder) == []


def wait_for_page(url: str) -> None:
    """Wait until the address answers 200: a receipt of a moment ago may not be in the ledger yet."""

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:  # noqa: S310 (our own address)
                return bool(answer.status == http.HTTPStatus.OK)
        except urllib.error.HTTPError:
            return False

    wait_until(answers, url)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's parent-death signal")
def test_kill_9_leaves_nothing_behind_and_the_data_is_there_at_the_next_run(runs: Callable[[], Run]) -> None:
    first = runs()
    code = first.wait_for(r"A receipt to look up: (\S+)")[1]
    first.wait_for(r"ledger [1-9][0-9,]* sales")
    everything = belonging(first.folder)
    first.end(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, everything)), f"the end of {everything}")
    assert belonging(first.folder) == []

    second = runs()
    url = second.wait_for(r"Receipts +(http://\S+)/\n")[1]
    second.wait_for("started in")
    wait_for_page(f"{url}/r/{code}")
    assert second.end(signal.SIGTERM) == 0
    assert belonging(second.folder) == []
