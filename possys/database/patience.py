"""How long a web process's threads wait for PostgreSQL, so that one that hangs takes no thread away from sales.

A server that is frozen, or a network that swallows its packets, says nothing at all: no error, and no statement's time
runs out there. So the patience is on this side. While psycopg waits, this is asked at every turn of some 0.1 s:

    silent for ASK_S         the server is asked for one more connection, which costs it nothing
    no answer for DOUBT_S    it may be frozen: who waits needs one of the places, of which there is one less than
                             threads; where none is left, it gives up
    no answer for FROZEN_S   it counts as frozen: whoever waits gives up, and nobody begins to wait, until it answers;
                             it is asked once a second
    silent for SLOW_S        it answers others, and this statement is slow or waits for a lock: it needs a place, too;
                             while there is none, whoever is silent for BRIEF_S gives up
    silent for LONGEST_S     it gives up

Whoever gives up gets an OperationalError, as from a server that is away. It is switched on in gunicorn's workers alone
(deploy/gunicorn.conf.py): all others have nothing better to do than to wait.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator
from functools import lru_cache
from typing import TypeVar

import psycopg

logger = logging.getLogger(__name__)

# Most statements of a page take some milliseconds; those that do not are worth a question.
ASK_S = 0.25
# Above what a new connection takes.
DOUBT_S = 0.5
# Above what it takes on a very busy machine: pages that wait meanwhile take nothing away from sales.
FROZEN_S = 4.0
# Above every statement of a page that is meant to be fast.
SLOW_S = 2.0
# What a page's ordinary statements take is less, also while other threads wait for theirs.
BRIEF_S = 0.5
# Whoever asked has left: nginx waits as long for the slowest pages.
LONGEST_S = 120.0
# A server that answered just now is not asked again.
ANSWER_GOOD_S = 1.0
# Between two questions to a server that does not answer.
AGAIN_S = 1.0
# One that is slow and no more than that answers in this time.
CONNECT_S = 5

SILENT = "the server does not answer"

T = TypeVar("T")
Asked = TypeVar("Asked")


class GaveUpError(psycopg.OperationalError):
    """The database did not answer, or not as soon as a page may wait."""


class Inquiry:
    """Whether one server answers at all; asked by a thread of its own, and by one only."""

    def __init__(self, is_heard: Callable[[], bool]) -> None:
        self.is_heard = is_heard
        self._lock = threading.Lock()
        # Since when a question waits for its answer; None while none does.
        self._asked_s: float | None = None
        self._heard_s = float("-inf")

    @property
    def is_frozen(self) -> bool:
        """Whether it owes an answer for too long."""
        return self._owes_for_s() > FROZEN_S

    @property
    def is_doubtful(self) -> bool:
        """Whether it owes one for longer than a server that is well."""
        return self._owes_for_s() > DOUBT_S

    def begin(self) -> None:
        """Has it asked, unless it is being asked or answered just now."""
        with self._lock:
            if self._asked_s is not None or time.monotonic() - self._heard_s < ANSWER_GOOD_S:
                return
            self._asked_s = time.monotonic()
        threading.Thread(target=self._run, daemon=True).start()

    def _owes_for_s(self) -> float:
        asked_s = self._asked_s
        return 0.0 if asked_s is None else time.monotonic() - asked_s

    def _run(self) -> None:
        is_told = False
        while not self.is_heard():
            if not is_told:
                logger.error(
                    "PostgreSQL does not answer: pages that need it are refused until it does; sales are taken"
                )
                is_told = True
            time.sleep(AGAIN_S)
        with self._lock:
            self._asked_s, self._heard_s = None, time.monotonic()
        if is_told:
            logger.warning("PostgreSQL answers again")


class Patience:
    """The threads of this process that wait, and how many of them may do so for long."""

    def __init__(self) -> None:
        self.places: int | None = None
        self._lock = threading.Lock()
        self._taken = 0

    def switch_on(self, threads: int) -> None:
        """From now on no wait is without end in this process, and one of its threads is always free, if it has two."""
        self.places = max(1, threads - 1)

    def bounded(self, waiting: Generator[Asked, int, T], inquiry: Inquiry) -> Generator[Asked, int, T]:
        """What psycopg waits for; it sends what became ready, and 0 at each turn without anything.

        Raises GaveUpError into the wait.
        """
        if self.places is None:
            return (yield from waiting)
        if inquiry.is_frozen or (inquiry.is_doubtful and self._taken >= self.places):
            raise GaveUpError(SILENT)
        since_s, has_place = time.monotonic(), False
        try:
            asked = next(waiting)
            while True:
                ready = yield asked
                if ready:
                    since_s = time.monotonic()
                else:
                    has_place = self._may_wait(time.monotonic() - since_s, inquiry, has_place)
                asked = waiting.send(ready)
        except StopIteration as ended:
            result: T = ended.value
            return result
        finally:
            if has_place:
                with self._lock:
                    self._taken -= 1

    def _may_wait(self, silent_s: float, inquiry: Inquiry, has_place: bool) -> bool:
        """Whether the thread holds a place now. Raises GaveUpError."""
        if silent_s > ASK_S:
            inquiry.begin()
        if inquiry.is_frozen:
            raise GaveUpError(SILENT)
        if silent_s > LONGEST_S:
            raise GaveUpError(f"the answer did not come for {LONGEST_S:.0f} s")
        if has_place:
            return True
        is_doubtful = inquiry.is_doubtful
        with self._lock:
            if self._taken >= (self.places or 0):
                if is_doubtful or silent_s > BRIEF_S:
                    raise GaveUpError(SILENT if is_doubtful else "too many others wait for slow statements")
                return False
            if is_doubtful or silent_s > SLOW_S:
                self._taken += 1
                return True
        return False


patience = Patience()


@lru_cache(maxsize=8)
def inquiry_of(conninfo: str) -> Inquiry:
    """The one of a server; few addresses are ever used in a process."""
    return Inquiry(lambda: _answers(conninfo))


def _answers(conninfo: str) -> bool:
    """Whether anything is heard of it: a new connection, or why there is none."""
    try:
        psycopg.connect(conninfo, connect_timeout=CONNECT_S).close()
    except psycopg.errors.ConnectionTimeout:
        return False
    except psycopg.Error:
        # Refused, starting, too many connections: whoever waits is told the same by itself.
        pass
    return True
