"""One local server: started, stopped, killed, restarted; in a folder of its own, on a port that it keeps."""

import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from possys.embedded.account import SAME
from possys.embedded.child import start_child
from possys.embedded.faults import LocalServerError, log_tail
from possys.embedded.ports import free_port, is_free

# Both servers replay their logs after a crash: some GB at a few hundred MB a second.
READY_LIMIT_S = 300
READY_POLL_S = 0.03
# A clean stop writes what is in memory; after that the kill loses nothing that was promised.
STOP_LIMIT_S = 60
# How long what is left of a killed server or run may take to notice and go.
LEFTOVER_LIMIT_S = 30
# Between finding a free port and listening on it somebody else may take it.
PORT_TRIES = 3
PASSWORD_BYTES = 24


class Server(ABC):
    """A local server. `folder` holds its data, password and port; a later object finds them there."""

    name: str
    # Asks for a clean stop; the kernel also sends it when this process dies.
    stop_signal: signal.Signals
    account: str = SAME

    def __init__(self, folder: Path, *, log: Path | None = None) -> None:
        self.folder = folder.resolve()
        self.log = (log or self.folder / "server.log").resolve()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address with user, password and database, as settings take it; after the first start."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the folder ready: first-time set-up and settings, which may name `self.port`."""

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether the server does its work now."""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's process id; raises LocalServerError when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise LocalServerError(f"{self.name} is not running.")
        return self._process.pid

    @property
    def password(self) -> str:
        """The server's password: made at the first use, kept in the folder for its owner alone."""
        path = self.folder / "password"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(PASSWORD_BYTES))
        return path.read_text()

    def start(self) -> None:
        """Start and wait until the server answers; does nothing when it runs.

        Raises LocalServerError with the end of its log when it does not come up.
        """
        if self.running:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        lock = self._take_lock()
        try:
            keeps_port = self.port != 0
            for _ in range(PORT_TRIES):
                self._choose_port()
                self._prepare()
                self._launch(lock)
                if self._became_ready():
                    return
                if keeps_port or is_free(self.port):
                    break
                self.port = 0
        finally:
            os.close(lock)
        self.kill()
        raise LocalServerError(
            f"{self.name} does not start on port {self.port}. The end of {self.log}:\n{log_tail(self.log)}"
        )

    def stop(self) -> None:
        """Stop cleanly, or by force after a minute; does nothing when the server does not run."""
        if self._process is None or not self.running:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server with kill -9, as a crash would; does nothing when it does not run."""
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Stop cleanly and start again on the same port."""
        self.stop()
        self.start()

    def _choose_port(self) -> None:
        """Keep this object's port, else take the last one's, else draw a free one; and remember it."""
        if self.port:
            return
        remembered = self.folder / "port"
        port = int(remembered.read_text()) if remembered.exists() else 0
        self.port = port if port and is_free(port) else free_port()
        remembered.write_text(str(self.port))

    def _launch(self, lock: int) -> None:
        self._process = start_child(
            self._command(),
            death_signal=self.stop_signal,
            log=self.log,
            folder=self.folder,
            account=self.account,
            pass_fds=[lock],
        )
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(self._process.pid).encode(), 0)

    def _became_ready(self) -> bool:
        limit = time.monotonic() + READY_LIMIT_S
        while self.running and time.monotonic() < limit:
            if self._answers():
                return True
            time.sleep(READY_POLL_S)
        return False

    def _take_lock(self) -> int:
        """Return a descriptor that locks the folder, to be inherited by the server.

        The kernel keeps the lock while any process of the server lives and frees it after kill -9 or a
        reboot, so a stale process id is never believed. What a killed run or server left behind is on its
        way out: wait for it.
        """
        lock = os.open(self.folder / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
        limit = time.monotonic() + LEFTOVER_LIMIT_S
        asked = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = int(os.pread(lock, 20, 0) or b"0")
                if not asked and pid and not sys.platform.startswith("linux"):
                    # Without Linux's parent-death signal a killed run's servers must be told.
                    os.kill(pid, self.stop_signal)
                    asked = True
                if time.monotonic() > limit:
                    os.close(lock)
                    raise LocalServerError(f"{self.name} in {self.folder} already runs (process {pid}).") from None
                time.sleep(READY_POLL_S)
            else:
                return lock
