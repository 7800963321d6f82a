"""Sending sales over HTTP until each is answered: after a lost answer, 429 or 5xx the same bytes again."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from transactions.replay.acknowledgements import AcknowledgementFile, Sent
from transactions.replay.connection import RETRY_AFTER_MAX_S, Connection, Response
from transactions.replay.tally import LOST, LaneTally

ONE_PATH = "/api/v1/transactions"
BATCH_PATH = "/api/v1/transactions/batch"
BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 5.0
SEND_AGAIN_FROM = HTTPStatus.INTERNAL_SERVER_ERROR


def sent_again(status: int) -> bool:
    """Whether a status leaves open what became of the sale, or asks to come back later."""
    return status in (LOST, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= SEND_AGAIN_FROM


@dataclass(frozen=True, slots=True)
class Answer:
    """One sale's answer; status 0 means that none came. `problem` is what the server said against it."""

    status: int
    code: str | None = None
    problem: str = ""
    wait_s: float = 0.0


def explain(answer: Any) -> str:
    """What a problem document says, in one line."""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("detail") or answer.get("title") or "")


def read_answer(status: int, item: Any, wait_s: float) -> Answer:
    """One sale's answer from its decoded JSON; `wait_s` is what the whole answer asks to wait."""
    code = item.get("code") if isinstance(item, dict) else None
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        # A success without a code is no acknowledgement: the sale is sent again.
        return Answer(status, code) if isinstance(code, str) else Answer(LOST)
    own_wait_s = item.get("retry_after_s") if isinstance(item, dict) else None
    return Answer(status, None, explain(item), max(wait_s, min(float(own_wait_s or 0), RETRY_AFTER_MAX_S)))


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
            open_ones = [
                (sale, a) for sale, a in zip(waiting, answers, strict=True) if a.code is None and sent_again(a.status)
            ]
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
                body = b"[" + b",".join([sale.body for sale in sales]) + b"]"
                answer = self._connection.post(BATCH_PATH, body, token)
            else:
                answer = self._connection.post(ONE_PATH, sales[0].body, token)
            self._tally.took(time.perf_counter() - begun)
            return read_answers(answer, len(sales), batched=self._batched)
        except (OSError, http.client.HTTPException) as fault:
            self._connection.close()
            return [Answer(LOST, None, str(fault) or type(fault).__name__)] * len(sales)

    def _wait(self, attempt: int, retry_after_s: float) -> bool:
        """Waits before the next attempt; whether the replay was stopped meanwhile."""
        backoff_s = min(BACKOFF_FIRST_S * 2 ** min(attempt, 10), BACKOFF_MAX_S)
        return self._stop.wait(max(backoff_s, retry_after_s))

    def close(self) -> None:
        self._connection.close()


def read_answers(response: Response, count: int, *, batched: bool) -> list[Answer]:
    """Each sale's answer; one that cannot be read is a lost one, a batch's own refusal is each sale's."""
    status = response.status
    try:
        content = json.loads(response.body)
    except ValueError:
        final = status not in (HTTPStatus.OK, HTTPStatus.CREATED)
        return [Answer(status if final else LOST, None, "the answer is not JSON", response.wait_s)] * count
    results = content.get("results") if batched and isinstance(content, dict) else None
    if isinstance(results, list) and len(results) == count:
        return [read_answer(int(item["status"]), item, response.wait_s) for item in results]
    if batched and status == HTTPStatus.OK:
        return [Answer(LOST, None, "the batch's answer does not name every sale")] * count
    return [read_answer(status, content, response.wait_s)] * count
