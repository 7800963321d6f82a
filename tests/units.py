"""The part of systemd that a deployment needs, for the units in deploy/systemd/ as they are: sockets, readiness, order.

    python -m tests.units start|stop|restart|enable|disable|is-active|is-enabled UNIT ...

asks the Units that listens at $POSSYS_UNITS, as `systemctl` asks systemd. Not here: hardening, limits, starting again.
"""

import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from possys.embedded.child import start_child
from tests.production import PROJECT

SYSTEMD = PROJECT / "deploy" / "systemd"
ADDRESS = "POSSYS_UNITS"
START_LIMIT_S, STOP_LIMIT_S, LOOK_S = 120, 90, 0.05
# Where systemd puts the first socket that it hands over.
FIRST_SOCKET = 3
# As systemd hands a socket to a process: not by a shell, some of which know numbers up to nine only.
HANDING = f"""
import os, sys
os.dup2(int(sys.argv[1]), {FIRST_SOCKET})
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Units:
    """The units of one machine; `told` are the environments by the name of their EnvironmentFile."""

    def __init__(self, folder: Path, told: Mapping[str, Mapping[str, str]], paths: Mapping[str, Path]) -> None:
        self.folder, self.told, self.paths = folder, told, paths
        self.sockets: dict[str, socket.socket] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.enabled: set[str] = set()
        self.said: list[str] = []
        # Units are started side by side, and each is told by a socket of its own.
        self._starts = itertools.count()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / "units.sock"))
        self._door.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def systemctl(self) -> Path:
        """A program to be called in systemctl's place."""
        program = self.folder / "systemctl"
        python = f"{shlex.quote(sys.executable)} -m tests.units"
        program.write_text(
            f'#!/bin/sh\ncd {shlex.quote(str(PROJECT))}\n{ADDRESS}={self.folder}/units.sock exec {python} "$@"\n'
        )
        program.chmod(0o755)
        return program

    def close(self) -> None:
        """Stops everything."""
        self._door.close()
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.stop, list(self.running)))
        for listening in self.sockets.values():
            listening.close()

    def start(self, unit: str) -> bool:
        """Starts a unit and waits until it says that it is ready; whether it is."""
        if unit.endswith(".socket"):
            return self._listen(unit)
        settings = self._read(unit)
        if self.is_active(unit):
            return True
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(self.folder / f"notify-{next(self._starts)}"))
            told.settimeout(LOOK_S)
            self.said.append(f"start {unit}")
            self.running[unit] = self._run(unit, settings, told.getsockname())
            if settings["Type"][0] == "notify" and not self._is_ready(unit, told):
                return False
        after = [self._placed(command) for command in settings.get("ExecStartPost", [])]
        return all(subprocess.run(shlex.split(command), check=False).returncode == 0 for command in after)

    def stop(self, unit: str) -> bool:
        """SIGTERM to the unit's main process alone (KillMode=mixed), and SIGKILL to what does not end in time."""
        if unit.endswith(".socket"):
            if listening := self.sockets.pop(unit, None):
                Path(listening.getsockname()).unlink()
                listening.close()
            return True
        process = self.running.pop(unit, None)
        if process is None:
            return True
        self.said.append(f"stop {unit}")
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.said.append(f"killed {unit}")
            process.kill()
            process.wait()
        return True

    def is_active(self, unit: str) -> bool:
        """Whether its process lives."""
        return unit in self.running and self.running[unit].poll() is None

    def do(self, verb: str, units: list[str]) -> bool:
        """One call of systemctl; several units at the same time, as systemd does."""
        if verb == "restart":
            return self._each(self.stop, units) and self._each(self.start, units)
        if verb in {"start", "stop"}:
            # A unit and its socket are in order; the socket comes first in both.
            sockets = [unit for unit in units if unit.endswith(".socket")]
            act = self.start if verb == "start" else self.stop
            return self._each(act, sockets) and self._each(act, [unit for unit in units if unit not in sockets])
        if verb == "enable":
            self.enabled |= set(units)
        elif verb == "disable":
            self.enabled -= set(units)
        elif verb == "is-active":
            return all(map(self.is_active, units))
        elif verb == "is-enabled":
            return set(units) <= self.enabled
        return verb in {"enable", "disable"}

    def release_of(self, unit: str) -> str:
        """The folder from which a unit's process was started."""
        return str(psutil.Process(self.running[unit].pid).cwd())

    def _each(self, act: "object", units: list[str]) -> bool:
        assert callable(act)
        with ThreadPoolExecutor(max(1, len(units))) as pool:
            return all(list(pool.map(act, units)))

    def _listen(self, unit: str) -> bool:
        if unit not in self.sockets:
            path = self._read(unit)["ListenStream"][0]
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(self._placed(path))
            listening.listen(2048)
            self.sockets[unit] = listening
        return True

    def _read(self, unit: str) -> dict[str, list[str]]:
        """A unit's settings, of a template those for its instance; a setting may come several times."""
        name, _, ending = unit.rpartition(".")
        prefix, at, instance = name.partition("@")
        text = (SYSTEMD / f"{prefix}{at}.{ending}").read_text()
        found: dict[str, list[str]] = {}
        for key, value in re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE):
            found.setdefault(key, []).append(value.replace("%i", instance).replace("%l", "host").replace("%%", "%"))
        return found

    def _run(self, unit: str, settings: dict[str, list[str]], notify: str) -> "subprocess.Popen[bytes]":
        role = Path(settings["EnvironmentFile"][0]).stem
        environment = {**self.told[role], "NOTIFY_SOCKET": notify}
        command = self._placed(settings["ExecStart"][0])
        for name, value in environment.items():
            command = command.replace(f"${{{name}}}", value)
        own = self.sockets.get(unit.replace(".service", ".socket"))
        handing = [sys.executable, "-I", "-S", "-c", HANDING, str(own.fileno())] if own else []
        return start_child(
            [*handing, "/bin/sh", "-c", f"exec {command}"],
            death_signal=signal.SIGKILL,
            log=self.folder / f"{unit}.log",
            environment=environment,
            pass_fds=[own.fileno()] if own else [],
        )

    def _is_ready(self, unit: str, told: socket.socket) -> bool:
        for _ in range(int(START_LIMIT_S / LOOK_S)):
            try:
                if b"READY=1" in told.recv(4096):
                    return True
            except TimeoutError:
                if not self.is_active(unit):
                    return False
        return False

    def _placed(self, text: str) -> str:
        for theirs, ours in self.paths.items():
            text = text.replace(theirs, str(ours))
        return text

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with line:
                asked = json.loads(line.recv(65536))
                line.sendall(json.dumps(self.do(asked[0], asked[1:])).encode())


def main() -> int:
    """Asks, and answers as systemctl does: 0 for yes and done."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[ADDRESS])
        line.sendall(json.dumps(words).encode())
        return 0 if json.loads(line.recv(4096)) else 1


if __name__ == "__main__":
    sys.exit(main())
