"""A command's progress on one line: what is being done, how much of it, and about how long the rest takes."""

import time
from typing import NamedTuple

from django.core.management.base import OutputWrapper

# A terminal's line is written anew this often; a log file gets a line this often.
TERMINAL_EVERY_S = 0.2
FILE_EVERY_S = 10.0


class _Begun(NamedTuple):
    step: str
    at_s: float


class ProgressLine:
    """Writes `written 3,000 of 10,000 blocks, 12 s left`, and always the last of a step."""

    def __init__(self, stdout: OutputWrapper) -> None:
        self.stdout = stdout
        self.begun = _Begun("", 0.0)
        self.said_s = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tells that so many blocks of a step are done."""
        now_s = time.monotonic()
        if step != self.begun.step:
            self.begun = _Begun(step, now_s)
            self.said_s = now_s
        is_terminal = self.stdout.isatty()
        every_s = TERMINAL_EVERY_S if is_terminal else FILE_EVERY_S
        if done < total and now_s - self.said_s < every_s:
            return
        self.said_s = now_s
        left_s = (now_s - self.begun.at_s) / max(done, 1) * (total - done)
        tail = f", {left_s:,.0f} s left" if done < total else ""
        ending = "\r" if is_terminal and done < total else "\n"
        self.stdout.write(f"  {step} {done:,} of {total:,} blocks{tail}   ".rstrip(), ending=ending)
        self.stdout.flush()
