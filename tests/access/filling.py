"""Fills an address's arguments with what is in the world."""

import re
from collections.abc import Mapping

from tests.addresses import Address

# `<int:number>` or `<number>` of a path, `(?P<number>...)` of a pattern.
ARGUMENT = re.compile(r"<(?:[a-z]+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.)*\)")

Arguments = Mapping[tuple[str, str], str]


def path_of(address: Address, arguments: Arguments) -> str | None:
    """The path of a request; None when nothing is known for an argument."""
    place = address.place
    missing = False

    def value(match: "re.Match[str]") -> str:
        nonlocal missing
        found = value_for(place, match[1], arguments)
        missing = missing or found is None
        return found or ""

    text = GROUP.sub(value, place)
    text = ARGUMENT.sub(value, text)
    text = text.replace("^", "").replace("$", "").replace("\\.", ".").replace("\\", "")
    text = text.replace("[Ee]", "E").replace("[Oo]", "O")
    return None if missing else f"/{text}"


def value_for(place: str, name: str, arguments: Arguments) -> str | None:
    """The value of the longest beginning of a place that knows the argument."""
    known = [
        (len(begin), found) for (begin, key), found in arguments.items() if key == name and place.startswith(begin)
    ]
    return max(known)[1] if known else None
