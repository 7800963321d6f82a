"""Refunds that the server cannot judge yet, because the sale they take back is only on its way into the ledger.

Each comes again at its own time, and what was sold since goes past it: such a 503 says nothing about the server.
"""

import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from possys_till.answers import Answer
from possys_till.backoff import Backoff

SEND_AGAIN = "send-again"
# The first try comes while the customer still waits.
BACKOFF = Backoff(first_s=0.2, most_s=60.0)


class PutOff:
    """Which sales wait by themselves, and until when; for any number of threads."""

    def __init__(self, backoff: Backoff = BACKOFF) -> None:
        self._backoff = backoff
        self._lock = threading.Lock()
        # Sequence -> attempts so far, and the moment (monotonic) of the next.
        self._due: dict[int, tuple[int, float]] = {}

    def __contains__(self, sequence: int) -> bool:
        with self._lock:
            return sequence in self._due

    def put(self, sequence: int, retry_after_s: float) -> None:
        """It comes again after what the server asks for, and some more each time."""
        with self._lock:
            attempts, _ = self._due.get(sequence, (0, 0.0))
            wait_s = self._backoff.wait_s(attempts, retry_after_s)
            self._due[sequence] = attempts + 1, time.monotonic() + wait_s

    def settled(self, sequence: int) -> None:
        """It was answered."""
        with self._lock:
            self._due.pop(sequence, None)

    def not_due(self) -> frozenset[int]:
        """What must not be sent now."""
        now_s = time.monotonic()
        with self._lock:
            return frozenset(sequence for sequence, (_, due_s) in self._due.items() if due_s > now_s)

    def wait_s(self, otherwise_s: float) -> float:
        """How long until the next of them is due, at most the other wait."""
        with self._lock:
            if not self._due:
                return otherwise_s
            due_s = min(due_s for _, due_s in self._due.values())
        return min(otherwise_s, max(0.0, due_s - time.monotonic()))

    def all_due(self) -> None:
        """Somebody wants to know now."""
        with self._lock:
            self._due = {sequence: (attempts, 0.0) for sequence, (attempts, _) in self._due.items()}


def waits_alone(sale: Mapping[str, Any], answer: Answer) -> bool:
    """Whether an answer is the server's word that it cannot judge this refund or void yet."""
    return (
        answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        and answer.problem_type == SEND_AGAIN
        and sale["type"] in ("refund", "void")
    )
