"""One process of the site: what it is started with, how it is stopped, where it writes."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from possys.embedded.child import start_child
from possys.embedded.faults import LocalServerError


class Program:
    """Started and stopped like a local server; `stop_limit_s` after the polite signal it is killed."""

    def __init__(  # noqa: PLR0913 (each says one thing that a process is started with)
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str],
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGTERM,
        stop_limit_s: float,
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._stop_signal = stop_signal
        self._death_signal = death_signal
        self._stop_limit_s = stop_limit_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, also of its process group; raises LocalServerError when it was never started."""
        if self._process is None:
            raise LocalServerError(f"{self.name} was not started.")
        return self._process.pid

    def start(self) -> None:
        """Start it; does not wait until it is of use."""
        self._process = start_child(
            self._command, death_signal=self._death_signal, log=self.log, environment=self._environment
        )

    def stop(self) -> None:
        """Stop it, and whatever of its process group is left after that."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(self._stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._stop_limit_s)
        with suppress(ProcessLookupError):
            # It leads a session of its own, so the group's number stays its own until the last of it is gone.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
