"""Sending sales over HTTP until each is answered: after a lost answer, 429 or 5xx the same bytes again.

How a sale is sent and its answer read is the till's own way (clients/python); here is what became of each.
"""

import http.client
import threading
import time
from collections.abc import Sequence

from possys_till.answers import LOST, Answer, read_answers, sent_again
from possys_till.backoff import Backoff
from possys_till.connection import Connection
from possys_till.endpoints import BATCH_PATH, ONE_PATH
from possys_till.signing import batch
from transactions.replay.acknowledgements import AcknowledgementFile, Sent
from transactions.replay.tally import LaneTally

# Many tills in one process: they wait less than one would, so that a demo shows life as soon as the server is back.
BACKOFF = Backoff(first_s=0.1, most_s=5.0)
# A server that asks for more is asked again earlier: a demo should not sleep for an hour.
RETRY_AFTER_MAX_S = 30.0

__all__ = ["Answer", "Delivery", "sent_again"]


class Delivery:
    """Delivers one lane's sales, in order, and writes down what became of each."""

    def __init__(
        self, *, url: str, batched: bool, file: AcknowledgementFile, tally: LaneTally, stop: threading.Event
    ) -> None:
        self._connection = Connection(url)
        self._batched = batched
        self._file = file
        self._tally = tally
        self._stop = stop

    def deliver(self, sales: Sequence[Sent], token: str) -> list[tuple[Sent, str]]:
        """Sends until every sale is answered or the replay stopped; returns the acknowledged with codes."""
        waiting, acknowledged, attempt = list(sales), list[tuple[Sent, str]](), 0
        while waiting:
            answers = self._attempt(waiting, token)
            taken = [(sale, a.code) for sale, a in zip(waiting, answers, strict=True) if a.code is not None]
            self._file.acknowledged(taken)
            acknowledged += taken
            self._tally.answered(waiting, answers)
            open_ones = [(sale, a) for sale, a in zip(waiting, answers, strict=True) if a.code is None and a.again]
            waiting = [sale for sale, _ in open_ones]
            if waiting and self._wait(attempt, max(a.wait_s for _, a in open_ones)):
                self._file.unknown(waiting)
                self._tally.unknown(len(waiting))
                break
            attempt += 1
        return acknowledged

    def _attempt(self, sales: list[Sent], token: str) -> list[Answer]:
        """One request; the sales' answers in order."""
        begun = time.perf_counter()
        try:
            if self._batched:
                answer = self._connection.post(BATCH_PATH, batch([sale.body for sale in sales]), token)
            else:
                answer = self._connection.post(ONE_PATH, sales[0].body, token)
            self._tally.took(time.perf_counter() - begun)
            return read_answers(answer, len(sales), batched=self._batched)
        except (OSError, http.client.HTTPException) as fault:
            self._connection.close()
            return [Answer(LOST, None, str(fault) or type(fault).__name__)] * len(sales)

    def _wait(self, attempt: int, retry_after_s: float) -> bool:
        """Waits before the next attempt; whether the replay was stopped meanwhile."""
        return self._stop.wait(BACKOFF.wait_s(attempt, min(retry_after_s, RETRY_AFTER_MAX_S)))

    def close(self) -> None:
        self._connection.close()
