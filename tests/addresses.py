"""Every address of the site, as the resolver knows them: a new one cannot be forgotten."""

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver


class Address(NamedTuple):
    """A pattern with its place in the table of addresses, its name, and what it takes."""

    place: str
    name: str | None
    pattern: URLPattern


def every_address() -> list[Address]:
    """All of them, in the order in which they are tried."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[Address]:
    for one in patterns:
        place = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, place)
        else:
            yield Address(place, one.name, one)
