"""The witness over HTTP, as a WSGI application: add-checkpoint, the checkpoints for monitors, and who this is."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from ledger.log.notes import Signer
from ledger.witness.decision import BODY_BYTES_MAX, TEXT, Answer, Logs, Refused, decide, read_submission
from ledger.witness.state import StateFile
from possys.failpoints import reach

logger = logging.getLogger(__name__)

ADD = "/add-checkpoint"
CHECKPOINT = "/checkpoint"
FORGETFUL = Answer(
    HTTPStatus.SERVICE_UNAVAILABLE, "the witness cannot read or write its memory just now, so it signs nothing\n"
)


class WitnessApp:
    """One witness: its key, the logs it knows, its memory, and the clock it dates cosignatures by (s since 1970)."""

    def __init__(self, signer: Signer, logs: Logs, state: StateFile, now_s: Callable[[], int]) -> None:
        self.signer = signer
        self.logs = logs
        self.state = state
        self.now_s = now_s
        self.origins = {sha256(origin.encode()).hexdigest(): origin for origin in logs}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """WSGI: what is to be kept is on the disk before the first byte of the answer leaves."""
        try:
            answer = self._answer(environ)
        except sqlite3.Error:
            logger.exception("the state file failed")
            answer = FORGETFUL
        body = answer.body.encode()
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(body)))]
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "POST" if environ["PATH_INFO"] == ADD else "GET, HEAD"))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if method not in ({"POST"} if path == ADD else {"GET", "HEAD"}):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "this address takes no such request\n")
        if path == ADD:
            # Not every server ends the input where the body ends.
            declared = int(environ.get("CONTENT_LENGTH") or BODY_BYTES_MAX + 1)
            return self._add(environ["wsgi.input"].read(min(declared, BODY_BYTES_MAX + 1)))
        if path == "/":
            return Answer(HTTPStatus.OK, self.description())
        seen = self.state.seen(self.origins.get(path.removeprefix("/").removesuffix(CHECKPOINT), ""))
        if seen is None or not path.endswith(CHECKPOINT):
            return Answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")
        return Answer(HTTPStatus.OK, seen.note, TEXT)

    def _add(self, raw: bytes) -> Answer:
        try:
            submission = read_submission(raw, self.logs)
        except Refused as refused:
            return refused.answer
        origin, size = submission.head.origin, submission.head.size
        answer = self.state.settle(origin, lambda seen: decide(submission, seen, self.signer, self.now_s()))
        reach("witness.after-keep")
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            # Signed by the log and yet wrong: evidence against it, so all of it is kept in the witness's log.
            logger.error("REFUSED a checkpoint of %s at %d: %s%s", origin, size, answer.body, submission.evidence)
        return answer

    def description(self) -> str:
        """Who this is and how far it has seen each log, in plain text."""
        lines = [
            f"This is the witness {self.signer.verifier.name} (c2sp.org/tlog-witness).",
            "It cosigns a log's checkpoint only when nothing that it cosigned before has changed.",
            f"Its key: {self.signer.verifier.vkey}",
            "",
        ]
        for hashed, origin in self.origins.items():
            seen = self.state.seen(origin)
            far = f"{seen.size} leaves, /{hashed}{CHECKPOINT}" if seen else "nothing cosigned yet"
            lines.append(f"{origin}: {far}")
        return "\n".join(lines) + "\n"
