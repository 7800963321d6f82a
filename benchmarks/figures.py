"""One measured figure: its rounds, what it is compared with, the target, and whose processor time it was."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

Measured = TypeVar("Measured")


class Figure(Struct):
    """`value` is the median of `rounds`; `ratio` is to `against`; `reached` is None without a target."""

    part: str
    name: str
    value: float
    unit: str
    rounds: list[float]
    ratio: float | None = None
    against: str = ""
    target: str = ""
    reached: bool | None = None
    cpu: dict[str, float] = {}
    note: str = ""


def figure(part: str, name: str, rounds: Sequence[float], unit: str, **more: object) -> Figure:
    """A figure from its rounds, without a target."""
    return Figure(part, name, statistics.median(rounds), unit, list(rounds), **more)  # type: ignore[arg-type]


def at_least(made: Figure, target: float) -> Figure:
    """Holds the value to a smallest one; the ratio is to that target."""
    made.ratio, made.against = made.value / target, f"target {target:,.0f} {made.unit}"
    made.target, made.reached = f">= {target:,.0f} {made.unit}", made.value >= target
    return made


def at_most(made: Figure, target: float) -> Figure:
    """Holds the value to a largest one; the ratio is to that target."""
    made.ratio, made.against = made.value / target, f"target {target:,.0f} {made.unit}"
    made.target, made.reached = f"< {target:,.0f} {made.unit}", made.value < target
    return made


def compared(made: Figure, other: Sequence[float], against: str, least: float | None = None) -> Figure:
    """Holds the ratio to another thing's rounds, round by round, to a smallest one."""
    made.ratio = statistics.median([own / its for own, its in zip(made.rounds, other, strict=True)])
    made.against = against
    if least is not None:
        made.target, made.reached = f"ratio >= {least:g}", made.ratio >= least
    return made


def interleave(rounds: int, contenders: Mapping[str, Callable[[], Measured]]) -> dict[str, list[Measured]]:
    """Runs each contender once a round, every round beginning with another one: A B C, B C A, C A B."""
    found: dict[str, list[Measured]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            found[name].append(contenders[name]())
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank). Raises ValueError without any."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]
