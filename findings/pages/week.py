"""A till's own week as a table of weekdays and hours, each cell a shade, with the hours of silence marked. Pure."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from portal.sheets.cells import WEEKDAYS

HOURS = 24
DAYS = 7
# Shades beside none; static/css/charts.css has the same.
SHADES = 7


class Square(NamedTuple):
    """An hour of a weekday: its shade (0 is nothing), whether it belongs to the silence, and both in words."""

    shade: int
    is_silent: bool
    said: str


class Day(NamedTuple):
    """A weekday's row."""

    name: str
    squares: list[Square]


class Week(NamedTuple):
    """The table; only the hours from `first` on, for an hour in which nothing was ever sold says nothing."""

    hours: list[int]
    days: list[Day]


def week_of(usual: Sequence[Sequence[float]], silent: Collection[tuple[int, int]]) -> Week:
    """`usual`: 7 rows (Monday first) of 24 mean numbers of sales; `silent`: (weekday, hour) without a sale now."""
    used = [
        hour
        for hour in range(HOURS)
        if any(usual[day][hour] > 0 for day in range(DAYS)) or any(at == hour for _, at in silent)
    ]
    hours = list(range(min(used), max(used) + 1)) if used else []
    most = max((usual[day][hour] for day in range(DAYS) for hour in hours), default=0.0)
    return Week(
        hours,
        [
            Day(WEEKDAYS[day], [_square(day, hour, usual[day][hour], most, (day, hour) in silent) for hour in hours])
            for day in range(DAYS)
        ],
    )


def _square(day: int, hour: int, value: float, most: float, is_silent: bool) -> Square:
    shade = 0 if value <= 0 else max(1, round(value / most * SHADES))
    usually = f"usually {value:.1f} sales" if 0 < value < 10 else f"usually {value:.0f} sales" if value else "no sales"
    said = f"{WEEKDAYS[day]} {hour:02}:00, {usually}{', nothing now' if is_silent else ''}"
    return Square(shade, is_silent, said)
