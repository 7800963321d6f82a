"""`python -m tests.halves [OPTION OF PYTEST ...]`: the whole suite in two processes, each on servers of its own.

Most of the suite waits: for a commit, an fsync, a page in the browser. Two halves take little more than half as long.
The exit code is the verdict of both.
"""

import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
# Whole systems and browsers; all other folders of `testpaths` are the other half. About as long, each.
WHOLE = ("tests",)
NAMES = ("whole", "apps")
COUNTED = re.compile(r"(\d+) (failed|passed|skipped|deselected|xfailed|xpassed|errors?|warnings?)\b")
CLOSING = re.compile(r"(=+ )?(?P<counts>\d+ .*) in [\d.]+s( \([\d:]+\))?( =+)?$")
# How pytest's short summary names a test that failed, and why.
FAILURE = re.compile(r"(FAILED|ERROR) \S+\.py")
# Pytest's exit code when nothing was selected; with a `-k` that fits one half only, that is no fault.
NOTHING_SELECTED = 5
S_PER_HOUR, S_PER_MINUTE = 3600, 60


class Half:
    """One process of pytest, whose lines are said as they come, with its name before them."""

    def __init__(self, name: str, paths: list[str], arguments: list[str]) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "possys.embedded", "exec", "--", sys.executable, "-m", "pytest", *paths, *arguments],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.saying = threading.Thread(target=self._say)
        self.saying.start()

    def wait(self) -> int:
        """Its exit code, once all is said."""
        code = self.process.wait()
        self.saying.join()
        return 0 if code == NOTHING_SELECTED else code

    def _say(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            print(f"[{self.name}] {line}", end="", flush=True)
            if FAILURE.match(line):
                self.failures.append(f"[{self.name}] {line}")
            if closing := CLOSING.match(line):
                self.counts = Counter({what: int(count) for count, what in COUNTED.findall(closing["counts"])})


def main(arguments: list[str]) -> int:
    """Runs both; answers 0 when each passed."""
    began_s = time.monotonic()
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    apps = [path for path in declared if path not in WHOLE]
    halves = [Half(name, paths, arguments) for name, paths in zip(NAMES, (list(WHOLE), apps), strict=True)]

    # Each half ends its own servers at a signal, and is waited for.
    def end(*_: object) -> None:
        for half in halves:
            half.process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    codes = [half.wait() for half in halves]
    # Once more, since the half that ended first said them far up.
    for half in halves:
        print(*half.failures, sep="", end="")
    print(closing_line(sum((half.counts for half in halves), Counter()), time.monotonic() - began_s))
    return max(codes)


def closing_line(counts: Counter[str], took_s: float) -> str:
    """Both halves' counts in one line, as pytest would say it."""
    said = ", ".join(f"{count} {what}" for what, count in sorted(counts.items(), key=lambda one: one[0] != "failed"))
    hours, rest = divmod(int(took_s), S_PER_HOUR)
    clock = f"{hours}:{rest // S_PER_MINUTE:02d}:{rest % S_PER_MINUTE:02d}"
    return f"====== {said or 'nothing ran'} in {took_s:.2f}s ({clock}) ======"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
