"""What the server says to sales, read so that nothing but a receipt code ever counts as taken."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from possys_till.connection import RETRY_AFTER_MAX_S, Response

# No answer came, or none that says what became of the sale.
LOST = 0
PROBLEM_TYPE = "urn:possys:problem:"
SEND_AGAIN_FROM = HTTPStatus.INTERNAL_SERVER_ERROR
TAKEN = (HTTPStatus.OK, HTTPStatus.CREATED)
NOTHING: Mapping[str, Any] = {}


def sent_again(status: int) -> bool:
    """Whether a status leaves open what became of the sale, or asks to come back later."""
    return status in (LOST, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= SEND_AGAIN_FROM


@dataclass(frozen=True, slots=True)
class Answer:
    """One sale's answer; status 0 means that none came. `problem` is what the server said against it.

    `wait_s` is what it asks to wait; `said` the whole of what it said, decoded.
    """

    status: int
    code: str | None = None
    problem: str = ""
    wait_s: float = 0.0
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def again(self) -> bool:
        """Whether the same bytes must be sent again."""
        return sent_again(self.status)

    @property
    def problem_type(self) -> str:
        """The last part of a problem document's type, such as "sale-refused"; empty for what is not this server's."""
        named = self.said.get("type")
        return named.removeprefix(PROBLEM_TYPE) if isinstance(named, str) and named.startswith(PROBLEM_TYPE) else ""

    @property
    def pointers(self) -> tuple[str, ...]:
        """Where a refusal sees faults, as JSON pointers."""
        errors = self.said.get("errors")
        if not isinstance(errors, list):
            return ()
        return tuple(str(one.get("pointer", "")) for one in errors if isinstance(one, dict))


def explain(answer: Any) -> str:
    """What a problem document says, in one line."""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("detail") or answer.get("title") or "")


def read_answer(status: int, item: Any, wait_s: float) -> Answer:
    """One sale's answer from its decoded JSON; `wait_s` is what the whole answer asks to wait."""
    said = item if isinstance(item, dict) else NOTHING
    code = said.get("code")
    if status in TAKEN:
        # A success without a code is no acknowledgement: the sale is sent again.
        return Answer(status, code, said=said) if isinstance(code, str) else Answer(LOST)
    own_wait_s = said.get("retry_after_s")
    asked_s = min(float(own_wait_s), RETRY_AFTER_MAX_S) if isinstance(own_wait_s, int | float) else 0.0
    return Answer(status, None, explain(item), max(wait_s, asked_s), said)


def read_answers(response: Response, count: int, *, batched: bool) -> list[Answer]:
    """Each sale's answer; one that cannot be read is a lost one, a batch's own refusal is each sale's."""
    status = response.status
    try:
        content = json.loads(response.body)
    except ValueError:
        final = status not in TAKEN
        return [Answer(status if final else LOST, None, "the answer is not JSON", response.wait_s)] * count
    results = content.get("results") if batched and isinstance(content, dict) else None
    if isinstance(results, list) and len(results) == count:
        return [read_item(item, response.wait_s) for item in results]
    if batched and status == HTTPStatus.OK:
        return [Answer(LOST, None, "the batch's answer does not name every sale")] * count
    return [read_answer(status, content, response.wait_s)] * count


def read_item(item: Any, wait_s: float) -> Answer:
    """One result of a batch; without a status it is a lost one."""
    status = item.get("status") if isinstance(item, dict) else None
    return read_answer(status, item, wait_s) if isinstance(status, int) else Answer(LOST)
