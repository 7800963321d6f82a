"""Keeps the processes of a run alive: starts again what dies and says so, or gives up and shows why."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from possys.embedded.faults import LocalServerError, log_tail

# One that dies this often in that time will not get better by itself.
RESTARTS_MAX = 5
RESTARTS_WINDOW_S = 60


class Kept(Protocol):
    """What a supervisor looks after: a Server or a Program."""

    name: str
    log: Path

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Supervisor:
    """Looks after groups of servers and programs; the group started last stops first."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._groups: list[Sequence[Kept]] = []
        self._restarts: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RESTARTS_MAX))

    def start(self, group: Sequence[Kept]) -> None:
        """Start these, unless they run, and look after them from now on."""
        self._groups.append(group)
        for one in group:
            if not one.running:
                one.start()

    def look(self) -> None:
        """Start again what has died. Raises LocalServerError with the end of its log when it keeps dying."""
        for group in self._groups:
            for one in group:
                if not one.running:
                    self._start_again(one)

    def _start_again(self, one: Kept) -> None:
        restarts = self._restarts[one.name]
        now = time.monotonic()
        if len(restarts) == RESTARTS_MAX and now - restarts[0] < RESTARTS_WINDOW_S:
            raise LocalServerError(
                f"{one.name} keeps ending, {RESTARTS_MAX} times in {RESTARTS_WINDOW_S} s. "
                f"The end of {one.log}:\n{log_tail(one.log)}"
            )
        restarts.append(now)
        self._say(f"{one.name} has ended and is started again (log: {one.log})")
        one.start()

    def stop(self) -> None:
        """Stop everything; those of one group at the same time."""
        for group in reversed(self._groups):
            if not group:
                continue
            self._say(f"stopping {', '.join(one.name for one in group)}")
            with ThreadPoolExecutor(len(group)) as pool:
                list(pool.map(lambda one: one.stop(), group))
        self._groups.clear()
