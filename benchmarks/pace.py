"""When requests are due: as fast as answers come, on a fixed schedule, or at a rate that somebody else turns."""

import mmap
import random
from dataclasses import dataclass, field

# A governed load that fell behind sends no more than this much at once.
CATCH_UP_S = 0.5
SEED = 20_261_123


@dataclass(slots=True)
class AsFastAsAnswered:
    """Always due, until the end: a closed loop over the connections."""

    end_s: float

    def next_s(self, now_s: float) -> float | None:
        """Now, until the end."""
        return now_s if now_s < self.end_s else None

    def taken(self, now_s: float) -> None:
        """Nothing to note."""


@dataclass(slots=True)
class Counted:
    """Always due, so many times."""

    left: int

    def next_s(self, now_s: float) -> float | None:
        """Now, while any are left."""
        return now_s if self.left else None

    def taken(self, now_s: float) -> None:
        """One fewer."""
        self.left -= 1


@dataclass(slots=True)
class Scheduled:
    """An open loop: arrivals like a Poisson process, each due at its moment however late the server is."""

    begin_s: float
    end_s: float
    rate: float
    _random: random.Random = field(default_factory=lambda: random.Random(SEED))
    _next_s: float = 0.0

    def next_s(self, now_s: float) -> float | None:
        """The next arrival."""
        self._next_s = self._next_s or self.begin_s
        return self._next_s if self._next_s < self.end_s else None

    def taken(self, now_s: float) -> None:
        """Draws the one after it."""
        self._next_s += self._random.expovariate(self.rate)


class Board:
    """Shared by the driver and its load processes: the offered rate, the end, and what was acknowledged so far."""

    def __init__(self) -> None:
        self._floats = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")
        self._counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

    @property
    def rate(self) -> float:
        """Sales a second to offer, over all load processes."""
        return self._floats[0]

    @rate.setter
    def rate(self, value: float) -> None:
        self._floats[0] = value

    @property
    def stopped(self) -> bool:
        """Whether the load is to end."""
        return self._floats[1] != 0

    def stop(self) -> None:
        """Ends the load."""
        self._floats[1] = 1

    @property
    def acknowledged(self) -> int:
        """Sales acknowledged so far, over all load processes."""
        return sum(self._counts)

    def add(self, process: int, count: int) -> None:
        """Counts acknowledged sales of one load process."""
        self._counts[process] += count


@dataclass(slots=True)
class Governed:
    """Follows a board's rate; `sales` is how many one request holds, `processes` how many share the rate."""

    board: Board
    sales: int
    processes: int
    _next_s: float = 0.0

    def next_s(self, now_s: float) -> float | None:
        """The next request, at most CATCH_UP_S behind."""
        if self.board.stopped:
            return None
        self._next_s = max(self._next_s, now_s - CATCH_UP_S)
        return self._next_s

    def taken(self, now_s: float) -> None:
        """The next one follows at the present rate."""
        self._next_s += self.sales * self.processes / self.board.rate
