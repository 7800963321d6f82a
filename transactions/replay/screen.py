"""What a replay shows: a progress bar on a terminal, else a line a second; a status file; a summary."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from transactions.replay.delivery import sent_again
from transactions.replay.files import write_json
from transactions.replay.tally import LOST, Integers, Tally, percentile_ms

# Rate and answer times are those of the latest seconds, so that the screen shows a change.
WINDOW_SAMPLES = 10
TEXT = TextColumn("[progress.description]{task.description}")


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters at one moment."""

    at_s: float
    sales: int
    took: Integers


class Screen:
    """Shows a tally; `total` is the number of baskets, None when endless."""

    def __init__(self, *, total: int | None, status_path: Path | None, quiet: bool, out: TextIO) -> None:
        self._total = total
        self._status_path = status_path
        self._out = out
        self._samples: deque[Sample] = deque(maxlen=WINDOW_SAMPLES)
        self._begun_s = time.monotonic()
        self._lines = not quiet and not out.isatty()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if not quiet and out.isatty():
            self._bar = Progress(TEXT, BarColumn(), TimeElapsedColumn(), console=Console(file=out))
            self._task = self._bar.add_task("starting", total=total)
            self._bar.start()

    def show(self, tally: Tally) -> None:
        """One look at the tally: the bar or line, and the status file."""
        now = Sample(time.monotonic(), tally.sum("acknowledged"), tally.took())
        first = self._samples[0] if self._samples else Sample(self._begun_s, 0, now.took * 0)
        self._samples.append(now)
        rate = (now.sales - first.sales) / max(now.at_s - first.at_s, 1e-3)
        state = status(tally, rate=rate, took=now.took - first.took)
        if self._status_path:
            write_json(self._status_path, {"state": "running", **state})
        if self._bar:
            # Refunds come on top of the baskets.
            done = now.sales - tally.sum("refunds")
            self._bar.update(self._task, completed=done, description=line(state))
        elif self._lines:
            print(line(state), file=self._out, flush=True)

    def finish(self, tally: Tally) -> str:
        """Ends the bar and the status file; returns the summary over the whole run."""
        if self._bar:
            self._bar.stop()
        elapsed_s = max(time.monotonic() - self._begun_s, 1e-3)
        state = status(tally, rate=tally.sum("acknowledged") / elapsed_s, took=tally.took())
        if self._status_path:
            write_json(self._status_path, {"state": "finished", **state})
        wrong = f"\nthe server said last: {state['last_problem']}" if state["last_problem"] else ""
        return f"{line(state)}, in {elapsed_s:.1f} s{wrong}"

    def refused(self, tally: Tally) -> int:
        """Sales that were refused for good."""
        return sum(named(tally.statuses(), again=False).values())


def named(statuses: dict[int, int], *, again: bool) -> dict[str, int]:
    """Statuses as text, `lost` for no answer: those sent again, or those refused for good."""
    return {
        "lost" if status == LOST else str(status): count
        for status, count in statuses.items()
        if sent_again(status) == again
    }


def status(tally: Tally, *, rate: float, took: Integers) -> dict[str, Any]:
    """The counters as in the status file; `refused` for good, `sent_again` for answers that are not final."""
    statuses = tally.statuses()
    return {
        "sales": tally.sum("acknowledged"),
        "refunds": tally.sum("refunds"),
        "rate": round(rate, 1),
        "p50_ms": percentile_ms(took, 0.50),
        "p99_ms": percentile_ms(took, 0.99),
        "refused": named(statuses, again=False),
        "sent_again": named(statuses, again=True),
        "replayed": tally.sum("replayed"),
        "unknown": tally.sum("unknown"),
        "last_code": tally.last_code(),
        "last_problem": tally.last_problem(),
        "updated_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def line(state: dict[str, Any]) -> str:
    """The status in one line."""
    parts = [
        f"{state['sales']:,} sales",
        f"{state['rate']:,.1f}/s",
        f"p50 {state['p50_ms'] or 0:.1f} ms",
        f"p99 {state['p99_ms'] or 0:.1f} ms",
        f"refused {counted(state['refused'])}",
    ]
    if state["sent_again"]:
        parts.append(f"sent again {counted(state['sent_again'])}")
    if state["unknown"]:
        parts.append(f"unknown {state['unknown']}")
    return ", ".join(parts)


def counted(by_status: dict[str, int]) -> str:
    """`0`, or how many with each status."""
    if not by_status:
        return "0"
    detail = ", ".join(f"{status}: {count}" for status, count in sorted(by_status.items()))
    return f"{sum(by_status.values())} ({detail})"
