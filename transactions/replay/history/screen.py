"""What a load shows: a bar on a terminal, else a line each tenth; a status file for whoever watches from outside."""

import time
from collections import deque
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from transactions.replay.files import write_json

# The rate is that of the latest looks, so that the time left follows what the machine does now.
WINDOW_LOOKS = 10
LINES = 10
TEXT = TextColumn("{task.description}")


class Screen:
    """Shows how many of `total` receipts are sent; `before` of them were sent by earlier loads."""

    def __init__(self, *, total: int, before: int, status_path: Path | None, quiet: bool, out: TextIO) -> None:
        self._total, self._before, self._sent = total, before, before
        self.problem = ""
        self._status_path = status_path
        self._out = out
        self._begun_s = time.monotonic()
        self._looks: deque[tuple[float, int]] = deque([(self._begun_s, before)], maxlen=WINDOW_LOOKS)
        self._lines = not quiet and not out.isatty()
        self._next_line = self._tenth(before) + 1
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if not quiet and out.isatty():
            self._bar = Progress(TEXT, BarColumn(), console=Console(file=out))
            self._task = self._bar.add_task("history", total=total, completed=before)
            self._bar.start()

    def _tenth(self, sent: int) -> int:
        return LINES * sent // max(self._total, 1)

    def show(self, sent: int, problem: str) -> None:
        """One look: the bar or line, and the status file; `problem` is what the server said last against a receipt."""
        self._sent, self.problem = sent, problem
        now_s = time.monotonic()
        then_s, then_sent = self._looks[0]
        self._looks.append((now_s, sent))
        rate = (sent - then_sent) / max(now_s - then_s, 1e-3)
        left_s = round((self._total - sent) / rate) if rate else None
        self._write("loading", rate=rate, left_s=left_s)
        text = line(sent, self._total, rate, left_s)
        if self._bar:
            self._bar.update(self._task, completed=sent, description=text)
        elif self._lines and self._tenth(sent) >= self._next_line:
            self._next_line = self._tenth(sent) + 1
            print(text, file=self._out, flush=True)

    def finish(self) -> str:
        """Ends the bar and the status file; returns the summary of this load."""
        if self._bar:
            self._bar.stop()
        elapsed_s = max(time.monotonic() - self._begun_s, 1e-3)
        own = self._sent - self._before
        state = "finished" if self._sent >= self._total else "stopped"
        self._write(state, rate=own / elapsed_s, left_s=None)
        text = f"{self._sent:,} of {self._total:,} receipts sent"
        return f"{text}, {own:,} now in {elapsed_s:.1f} s, {own / elapsed_s:,.0f}/s"

    def _write(self, state: str, *, rate: float, left_s: int | None) -> None:
        if self._status_path:
            status: dict[str, Any] = {"state": state, "sent": self._sent, "total": self._total, "rate": round(rate, 1)}
            write_json(self._status_path, {**status, "left_s": left_s, "problem": self.problem})


def line(sent: int, total: int, rate: float, left_s: int | None) -> str:
    """How far a load is, in one line."""
    left = "" if left_s is None else f", {timedelta(seconds=left_s)} left"
    return f"{sent:,} of {total:,} receipts ({100 * sent // max(total, 1)} %), {rate:,.0f}/s{left}"
