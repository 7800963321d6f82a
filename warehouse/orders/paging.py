"""Lists that are worked out as a whole, and shown in parts: where one goes on is a number of rows. Pure."""

from collections.abc import Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError

T = TypeVar("T")
# Seven digits: longer lists are not worked out at once.
LENGTH_MAX = 7


def read_offset(text: str) -> int:
    """How many rows came before. Raises ValidationError."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= LENGTH_MAX):
        raise ValidationError("This is no place in the list.")
    return int(text)


def cut(rows: Sequence[T], offset: int, limit: int) -> tuple[Sequence[T], str]:
    """The rows of a part, and where the list goes on ("" at its end)."""
    end = offset + limit
    return rows[offset:end], str(end) if end < len(rows) else ""
