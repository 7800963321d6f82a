"""One line that says how far a run is, how fast, and how long it will still take."""

import time
from typing import TextIO

from ledger.verification.tally import Tally

EVERY_S = 0.2
# The first parts say little of how long the rest takes.
ESTIMATE_AFTER_S = 1.0


class Progress:
    """Writes the line to a terminal again and again; elsewhere, and when it shall be quiet, nothing."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self.stream = stream
        self.shows = not quiet and stream.isatty()
        self.began_s = time.monotonic()
        self.shown_s = 0.0
        self.total = 0.0
        self.done = 0.0
        self.records = 0

    def begin(self, total: float) -> None:
        """Says how much there is to do, in weights of parts."""
        self.total = total
        self.began_s = time.monotonic()

    def add(self, weight: float, tally: Tally) -> None:
        """A part is done."""
        self.done += weight
        self.records += tally.records
        now_s = time.monotonic()
        if self.shows and now_s - self.shown_s >= EVERY_S:
            self.shown_s = now_s
            self.stream.write(f"\r\x1b[K{self.line(now_s - self.began_s)}")
            self.stream.flush()

    def end(self) -> None:
        """Takes the line away."""
        if self.shows:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def line(self, took_s: float) -> str:
        """`[#####-----]  50 %  1,234,567 records  190,000/s  2 min 5 s left`."""
        share = min(1.0, self.done / self.total) if self.total else 0.0
        bar = "#" * round(share * 20)
        text = f"[{bar:-<20}] {share:4.0%}  {self.records:,} records"
        if took_s < ESTIMATE_AFTER_S or not share:
            return text
        return f"{text}  {self.records / took_s:,.0f}/s  {spoken(took_s / share - took_s)} left"


def spoken(seconds: float) -> str:
    """`45 s`, `2 min 5 s`, `3 h 20 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
