"""The traffic of a fault run: several `manage.py replay`, each with a file of what it was acknowledged."""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from possys.embedded.program import Program
from tests.fault.report import Counts
from tests.fault.system import PROJECT, System

# What is in flight is answered or given up: an attempt takes at most ten seconds, with what it writes down.
STOP_LIMIT_S = 30
# A status file is written each second; this long after an event it certainly tells of it.
STATUS_LAG_S = 1.5


@dataclass(frozen=True)
class Stream:
    """One replay: its name, sales a second and arguments."""

    name: str
    rate: int
    arguments: tuple[str, ...]


# Single sales now, a gateway's small batches now, and old baskets of many days in full batches.
STREAMS = (
    Stream("single", 50, ("--live", "--workers", "2", "--refunds", "0.02")),
    Stream("gateway", 100, ("--live", "--batch", "40", "--workers", "2", "--refunds", "0.01")),
    Stream("late", 100, ("--batch", "500", "--baskets", "20000", "--refunds", "0.01")),
)
# For the shortest run, whose machine may be small.
FEW_STREAMS = (
    Stream("single", 30, ("--live", "--refunds", "0.02")),
    Stream("gateway", 120, ("--live", "--batch", "40", "--refunds", "0.01", "--baskets", "20000")),
)


class Traffic:
    """Replays that go on until stopped; they can be held still, so that files and ledger can be compared."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.folder = system.folder / "traffic"
        self._running: dict[str, Program] = {}
        self._names: list[str] = []

    def start(self, stream: Stream, url: str | None = None) -> str:
        """Starts a replay; answers the name under which it can be stopped."""
        name = f"{len(self._names)}-{stream.name}"
        self.folder.mkdir(exist_ok=True)
        command: list[str | Path] = [
            sys.executable, PROJECT / "manage.py", "replay", "--url", url or self.system.url, "--until-stopped",
            "--quiet", "--rate", str(stream.rate), "--ack-file", self._file(name), "--status", self._status(name),
            *stream.arguments,
        ]  # fmt: skip
        program = Program(
            f"replay {name}",
            command,
            log=self.folder / f"{name}.log",
            environment=self.system.environment,
            stop_limit_s=STOP_LIMIT_S,
        )
        program.start()
        self._running[name] = program
        self._names.append(name)
        return name

    def stop(self, name: str | None = None) -> None:
        """Stops one replay, or all; each first finishes what is in flight."""
        names = [name] if name else list(self._running)
        for each in names:
            self._signal(each, signal.SIGTERM, group=False)
        for each in names:
            self._running.pop(each).stop()

    def hold(self) -> None:
        """Freezes the replays: nothing is sent or written down until `go_on`."""
        for name in self._running:
            self._signal(name, signal.SIGSTOP)

    def go_on(self) -> None:
        """Thaws them."""
        for name in self._running:
            self._signal(name, signal.SIGCONT)

    def dead(self) -> list[str]:
        """Replays that ended by themselves, which none may."""
        return [name for name, program in self._running.items() if not program.running]

    def counts(self) -> Counts:
        """The tallies of all replays, also of stopped ones."""
        total = Counts()
        for name in self._names:
            with suppress(FileNotFoundError):
                total.add(json.loads(self._status(name).read_text()))
        return total

    def count_of(self, name: str) -> Counts:
        """One replay's tally."""
        total = Counts()
        with suppress(FileNotFoundError):
            total.add(json.loads(self._status(name).read_text()))
        return total

    def settled_counts(self) -> Counts:
        """The tallies, with everything up to this moment in them."""
        time.sleep(STATUS_LAG_S)
        return self.counts()

    def problems(self) -> list[str]:
        """What the server last said against each replay."""
        found = []
        for name in self._names:
            with suppress(FileNotFoundError):
                found.append(json.loads(self._status(name).read_text())["last_problem"])
        return [problem for problem in found if problem]

    @property
    def files(self) -> list[Path]:
        """Every file of acknowledgements."""
        return [self._file(name) for name in self._names if self._file(name).exists()]

    def _signal(self, name: str, number: signal.Signals, *, group: bool = True) -> None:
        program = self._running[name]
        if program.running:
            with suppress(ProcessLookupError):
                (os.killpg if group else os.kill)(program.pid, number)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"

    def _status(self, name: str) -> Path:
        return self.folder / f"{name}.status.json"
