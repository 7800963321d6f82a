"""What a till asks its server, each question one method; nothing here is remembered but the connection."""

import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from possys_till.answers import LOST, PROBLEM_TYPE, Answer, read_answers, sent_again
from possys_till.clock import Clock
from possys_till.connection import Connection, Response, check_url
from possys_till.credential import Credential, Pending
from possys_till.endpoints import BATCH_PATH, CREDENTIAL_PATH, ENROLMENT_PATH, ONE_PATH, TERMINAL_PATH
from possys_till.faults import Refused, Unreachable
from possys_till.signing import batch

# What a customer is asked to wait for an answer (the limit by law in the first national systems).
ANSWER_LIMIT_S = 2.0
# A backlog has no customer waiting, and a batch takes the server longer.
BATCH_LIMIT_S = 15.0
COPIES_PATH = "/api/v1/receipts/%s/copies"


class Server:
    """The server as one till sees it; for any number of threads, one exchange at a time."""

    def __init__(self, url: str, clock: Clock, *, answer_limit_s: float = ANSWER_LIMIT_S) -> None:
        self.url = check_url(url)
        self._clock = clock
        self._limit_s = answer_limit_s
        self._lock = threading.Lock()
        self._connection = Connection(self.url, timeout_s=answer_limit_s)

    def send(self, sales: Sequence[bytes], credential: Credential) -> list[Answer]:
        """Each sale's answer, in order; LOST for all when none came. The bytes are signed on their way out."""
        key = credential.key
        signed = [sale if key is None else key.envelope(sale) for sale in sales]
        alone = len(signed) == 1
        path, body = (ONE_PATH, signed[0]) if alone else (BATCH_PATH, batch(signed))
        try:
            response = self._exchange(path, body, credential.token, self._limit_s if alone else BATCH_LIMIT_S)
        except Unreachable as fault:
            return [Answer(LOST, None, str(fault))] * len(sales)
        answers = read_answers(response, len(sales), batched=not alone)
        if response.checkpoint is None:
            return answers
        # Kept and printed with the sale: who has it can show it if the log is ever another (docs/api.md).
        return [replace(one, said={**one.said, "checkpoint": response.checkpoint}) for one in answers]

    def enrol(self, pending: Pending, *, software: str | None) -> Credential:
        """Exchanges an enrolment code. Raises Refused, or Unreachable: ask again with the same request."""
        said = self._asked(ENROLMENT_PATH, {"code": pending.code, **pending.asked, "software": software}, None)
        try:
            return Credential.answered(self.url, said, pending)
        except (KeyError, TypeError, ValueError) as fault:
            raise Unreachable(f"the answer is no credential ({fault!r})") from fault

    def renew(self, credential: Credential, pending: Pending) -> Credential:
        """A new token, and a new key if there was one. Raises Refused, or Unreachable: ask again."""
        said = self._asked(CREDENTIAL_PATH, pending.asked, credential.token)
        try:
            return credential.renewed(said, pending)
        except (KeyError, TypeError, ValueError) as fault:
            raise Unreachable(f"the answer is no credential ({fault!r})") from fault

    def look(self, credential: Credential) -> Credential:
        """With what the server says of the terminal now. Raises Refused or Unreachable."""
        return credential.told(self._asked(TERMINAL_PATH, None, credential.token))

    def copy(self, code: str, request: str, credential: Credential) -> int:
        """Counts a copy of a receipt; how many there are with this one. Raises Refused or Unreachable."""
        said = self._asked(COPIES_PATH % code, {"request": request}, credential.token)
        if not isinstance(said.get("copies"), int):
            raise Unreachable("the answer counts no copies")
        return int(said["copies"])

    def abort(self) -> None:
        """Gives up what is being asked; its answer counts as lost."""
        self._connection.abort()

    def close(self) -> None:
        """Closes the connection; the next question opens it again."""
        with self._lock:
            self._connection.close()

    def _asked(self, path: str, content: Mapping[str, Any] | None, token: str | None) -> dict[str, Any]:
        """The decoded answer to a question in JSON. Raises Refused where the server says no, else Unreachable."""
        body = None if content is None else json.dumps(content).encode()
        response = self._exchange(path, body, token, BATCH_LIMIT_S)
        try:
            said = json.loads(response.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Unreachable(f"the answer ({response.status}) is not the server's")
        if response.status in (HTTPStatus.OK, HTTPStatus.CREATED):
            return said
        detail, kind = str(said.get("detail", "")), str(said.get("type", ""))
        if sent_again(response.status) or not kind.startswith(PROBLEM_TYPE):
            raise Unreachable(f"the server cannot answer now ({response.status}): {detail}")
        raise Refused(response.status, kind.removeprefix(PROBLEM_TYPE), detail)

    def _exchange(self, path: str, body: bytes | None, token: str | None, limit_s: float) -> Response:
        """One answer, whatever it says. Raises Unreachable."""
        with self._lock:
            try:
                connection = self._connection.within(limit_s)
                response = connection.get(path, token) if body is None else connection.post(path, body, token)
            except (OSError, http.client.HTTPException) as fault:
                self._connection.close()
                raise Unreachable(f"no answer from {self.url}: {fault or type(fault).__name__}") from fault
        self._clock.heard(response.date)
        return response
