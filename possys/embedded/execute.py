"""Runs one command on fresh servers of its own and leaves neither processes nor files behind."""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from possys.embedded.child import start_child
from possys.embedded.environment import without_role_urls
from possys.embedded.keys import local_keys
from possys.embedded.servers import FOLDER_MODE, LocalServers

PREFIX = "test-"
PR_SET_CHILD_SUBREAPER = 36
# What a shell answers for a command that a signal ended.
SIGNALLED = 128
ORPHANS_LIMIT_S = 5
# Often enough that whoever waits for an adopted process to be gone does not wait long.
REAP_EVERY_S = 0.2


def execute(command: Sequence[str], local: Path) -> int:
    """Run `command` on new PostgreSQL and Valkey servers in a folder in `local`; return its exit code.

    DATABASE_URL and its like in the environment are replaced: a test must never reach real servers.
    """
    local.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _remove_abandoned(local)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=local))
    folder.chmod(FOLDER_MODE)
    _adopt_orphans()
    try:
        with LocalServers(folder) as servers:
            environment = {**without_role_urls(os.environ), **local_keys(folder), **servers.environment}
            own = {server.pid for server in servers.started}
            code = run_attached(command, environment, own)
            _end_orphans(own)
        return code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_attached(command: Sequence[str], environment: dict[str, str], own: set[int]) -> int:
    """Run the command in our session, where Ctrl-C reaches it too, hand SIGTERM on to it, return its exit code.

    `own` are the processes here that somebody else waits for: the servers.
    """
    child = start_child(command, death_signal=signal.SIGTERM, environment=environment, own_session=False)
    with _handling(signal.SIGINT, signal.SIG_IGN), _handling(signal.SIGTERM, lambda *_: child.terminate()):
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = child.wait(REAP_EVERY_S)
                return code if code >= 0 else SIGNALLED - code
            _living_orphans(own | {child.pid})


@contextmanager
def _handling(number: signal.Signals, handler: "signal._HANDLER") -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def _adopt_orphans() -> None:
    """Have what the command leaves behind become this process's children, to be found and ended."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _living_orphans(own: set[int]) -> list[psutil.Process]:
    """Return the adopted processes that live, and wait for the dead ones, which only the adopter can."""
    living = []
    for process in psutil.Process().children():
        if process.pid in own:
            continue
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
                continue
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
    return living


def _end_orphans(own: set[int]) -> None:
    """End every process under this one but the servers, which are its own."""
    left = _living_orphans(own)
    left += [grandchild for process in left for grandchild in process.children(recursive=True)]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            print(f"left behind, ended: {process.pid} {process.name()}", file=sys.stderr)
            process.kill()
    psutil.wait_procs(left, timeout=ORPHANS_LIMIT_S)


def _remove_abandoned(local: Path) -> None:
    """Remove the folders of earlier runs that were killed; a live run holds its folder's lock."""
    for lock in local.glob(f"{PREFIX}*/lock"):
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
        shutil.rmtree(lock.parent, ignore_errors=True)
