"""What a refusal is about: the sale, the terminal, or its credential."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from possys_till.answers import LOST, Answer

TOKEN_REPLACED = "token-replaced"  # noqa: S105 (a problem's type)
# Where a refusal points when it is about the terminal and not about the sale.
OF_TERMINAL = ("/terminal", "/mode")
OF_CREDENTIAL = "/signature"


def of_sale(answer: Answer) -> bool:
    """Whether it is the sale that was refused, for good, by the server itself and nothing on the way to it."""
    if answer.again or not answer.problem_type or answer.status == HTTPStatus.UNAUTHORIZED:
        return False
    return answer.problem_type != "body-incomplete" and not of_till(answer) and not of_credential(answer)


def of_till(answer: Answer) -> bool:
    """Whether a refusal is about the terminal: it must not sell, or nothing but training."""
    if answer.problem_type == TOKEN_REPLACED:
        return True
    return answer.status != LOST and bool(answer.pointers) and all(one in OF_TERMINAL for one in answer.pointers)


def of_credential(answer: Answer) -> bool:
    """Whether it is the token or the key that is refused."""
    return answer.status == HTTPStatus.UNAUTHORIZED or any(one.startswith(OF_CREDENTIAL) for one in answer.pointers)


def warnings_of(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The warnings of an answer that took the sale."""
    found = said.get("warnings")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
