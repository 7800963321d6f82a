"""Sets of a terminal's numbers as ranges, and which numbers are missing among them. Pure.

A set is a sorted tuple of (first, last), both inside, which neither touch nor overlap; PostgreSQL keeps the same as an
int4multirange.
"""

import re
from collections.abc import Iterable, Sequence

Ranges = tuple[tuple[int, int], ...]

# PostgreSQL writes ranges of whole numbers with the first inside and the end outside.
_RANGE = re.compile(r"\[(\d+),(\d+)\)", re.ASCII)


def runs_of(numbers: Sequence[int]) -> Ranges:
    """The ranges that numbers make, each number given once, in any order."""
    made: list[tuple[int, int]] = []
    ordered = sorted(numbers)
    first = last = ordered[0]
    for number in ordered[1:]:
        if number != last + 1:
            made.append((first, last))
            first = number
        last = number
    made.append((first, last))
    return tuple(made)


def read_multirange(text: str) -> Ranges:
    """What PostgreSQL writes for an int4multirange: `{[1,5),[7,8)}`."""
    return tuple((int(first), int(end) - 1) for first, end in _RANGE.findall(text))


def write_multirange(ranges: Ranges) -> str:
    """A set as PostgreSQL reads it."""
    return "{" + ",".join([f"[{first},{last + 1})" for first, last in ranges]) + "}"


def union(parts: Iterable[Ranges]) -> Ranges:
    """All numbers of some sets."""
    made: list[tuple[int, int]] = []
    for first, last in sorted(one for part in parts for one in part):
        if made and first <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((first, last))
    return tuple(made)


def minus(ranges: Ranges, taken: Ranges) -> Ranges:
    """The numbers of a set that are not in another."""
    made: list[tuple[int, int]] = []
    place = 0
    for first, last in ranges:
        start = first
        while place < len(taken) and taken[place][1] < start:
            place += 1
        at = place
        while at < len(taken) and taken[at][0] <= last:
            if taken[at][0] > start:
                made.append((start, taken[at][0] - 1))
            start = max(start, taken[at][1] + 1)
            at += 1
        if start <= last:
            made.append((start, last))
    return tuple(made)


def common(ranges: Ranges, others: Ranges) -> Ranges:
    """The numbers that are in both sets."""
    return minus(ranges, minus(ranges, others))


def size(ranges: Ranges) -> int:
    """How many numbers a set has."""
    return sum(last - first + 1 for first, last in ranges)


def named(ranges: Iterable[Sequence[int]]) -> str:
    """A set for people: `7, 12-15`."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
