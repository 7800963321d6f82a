"""Sales after the close: all have usually gone home, and a till sells. Pure; findings/after_close_reading.py reads.

A store's usual end of business is known from its own past, for each weekday: the hour behind which hardly any of its
sales lie (ENDED_SHARE). Its days begin in the middle of its quietest hours, so that a bar that sells until two is none,
and a store that never is quiet has no close and is not judged. A sale is after the close when it comes behind that hour
and behind a pause in which the whole store sold nothing: who just stays open longer, on a long evening or in new hours,
does not pause. The pause has as many hours as the store usually sells PAUSE_SALES in, at least one; in a shop of a few
sales a day nobody can tell a pause from waiting for the next customer. A till is a finding when it does so

    repeated   on REPEATED_MIN days of the window or more, and the store's past makes that improbable: a binomial tail,
               by how many of its past days had such sales, times how many tills are looked at
    large      in one night, for as much as half of one of the till's usual days
    backdated  on several nights it wrote numbers that follow the new day's but are dated shortly before midnight: what
               was sold after the day's close was put into the day
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from findings import chances

Integers = npt.NDArray[np.int64]

WEEK_DAYS, DAY_HOURS = 7, 24
# The quietest hours in a row, in which a day begins; a store that sells more then never closes.
QUIET_HOURS = 4
QUIET_SHARE = 0.005
# Behind the usual end lies at most this part of a weekday's sales.
ENDED_SHARE = 0.005
# A weekday with fewer sales in the past has the end of all weekdays together; a past with fewer says nothing.
WEEKDAY_SALES_MIN = 200
PAST_SALES_MIN = 200
PAST_DAYS_MIN = 21
# What the store would have sold in the pause, were it open.
PAUSE_SALES = 4.0
REPEATED_MIN = 3
LARGE_SALES_MIN, LARGE_SHARE = 10, 0.5
BACKDATED_MIN = 3
BACKDATED_WITHIN = timedelta(hours=2)
# Cases that chance alone may open among all tills, a window.
OPENS_BELOW = 0.1
# How sure a single night, and numbers out of order, make that it is what it looks like.
LARGE_SURE, BACKDATED_SURE = 0.5, 0.8


class Reason(StrEnum):
    """Why a till is a finding."""

    REPEATED = "repeated"
    LARGE = "large"
    BACKDATED = "backdated"


class Night(NamedTuple):
    """What a till sold after a day's close: the day's place in the window, the hour of the end (past 24: the next)."""

    place: int
    end_hour: int
    sales: int


@dataclass(frozen=True, slots=True)
class Late:
    """A till's nights, how many of the past's days had one in its store, and the chance of as many days."""

    nights: list[Night]
    past_nights: int
    past_days: int
    chance: float


def judge_hours(store: Integers, own: Integers, first: date) -> Late | None:
    """A till's sales after the close of its store; None where the store has no close that is known.

    `store` has the store's receipts by day and hour of the clock, from the day `first` on: the past, then the window.
    `own` has the till's of the window, whose days are the last ones of `store`.
    """
    past_days = len(store) - len(own)
    past = store[:past_days]
    if past.sum() < PAST_SALES_MIN or (past.sum(axis=1) > 0).sum() < PAST_DAYS_MIN:
        return None
    begin = day_begins(past)
    if begin is None:
        return None
    weekdays = (first.weekday() + np.arange(len(store))) % WEEK_DAYS
    days = _turned(store, begin)
    ends = _ends(days[:past_days], weekdays[:past_days])
    end = ends[weekdays]
    is_late = _after(days, end, _pause_hours(days[:past_days], end[:past_days]))
    nights = []
    turned = _turned(own, begin)
    for place in range(len(own)):
        day = past_days + place
        sales = int(turned[place][is_late[day]].sum())
        if sales:
            nights.append(Night(place, int(end[day] + begin), sales))
    had = (is_late[:past_days] & (days[:past_days] > 0)).any(axis=1)
    open_days = int((days[past_days:].sum(axis=1) > 0).sum())
    many = int((days[:past_days].sum(axis=1) > 0).sum())
    share = (had.sum() + chances.HALF) / (many + 2 * chances.HALF)
    chance = 1.0 if len(nights) < REPEATED_MIN else float(chances.share_at_least(len(nights), open_days, share))
    return Late(nights, int(had.sum()), many, chance)


def day_begins(past: Integers) -> int | None:
    """The hour of the clock at which a store's days begin; None when it never closes."""
    hours = past.sum(axis=0)
    quiet = np.array([np.take(hours, range(at, at + QUIET_HOURS), mode="wrap").sum() for at in range(DAY_HOURS)])
    if quiet.min() > QUIET_SHARE * hours.sum():
        return None
    # Of several as quiet, the middle of the longest row: nights are longer than pauses at noon.
    is_quiet = quiet == quiet.min()
    longest = max(range(DAY_HOURS), key=lambda at: _row_of(is_quiet, at))
    return (longest + _row_of(is_quiet, longest) // 2 + QUIET_HOURS // 2) % DAY_HOURS


def large_nights(late: Late, amounts: Sequence[int], usual_day: float) -> list[Night]:
    """The nights for as much as half of a usual day, of `amounts` by night."""
    pairs = zip(late.nights, amounts, strict=True)
    return [one for one, amount in pairs if one.sales >= LARGE_SALES_MIN and amount >= LARGE_SHARE * usual_day > 0]


def backdated(receipts: Sequence[tuple[date, datetime]]) -> list[int]:
    """Places of receipts, in the order of their numbers, that follow one of a later day and end their own.

    Each has its day as written, and when it was issued.
    """
    found = []
    newest = date.min
    for place, (day, issued_at) in enumerate(receipts):
        midnight = issued_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        if day < newest and midnight - issued_at <= BACKDATED_WITHIN:
            found.append(place)
        newest = max(newest, day)
    return found


def _row_of(is_quiet: npt.NDArray[np.bool_], at: int) -> int:
    """How many places in a row, from this one on and around midnight, are quiet."""
    length = 0
    while length < DAY_HOURS and is_quiet[(at + length) % DAY_HOURS]:
        length += 1
    return length if not is_quiet[at - 1] or length == DAY_HOURS else 0


def _turned(days: Integers, begin: int) -> Integers:
    """The same hours with days that begin at an hour of the clock; nothing is known behind the last one."""
    line = np.concatenate([days.reshape(-1)[begin:], np.zeros(begin, dtype=days.dtype)])
    return line.reshape(-1, DAY_HOURS)


def _ends(days: Integers, weekdays: Integers) -> Integers:
    """The usual end by weekday: the hour of the store's day behind which at most ENDED_SHARE of the sales lie."""
    whole = _end(days.sum(axis=0))
    ends = []
    for weekday in range(WEEK_DAYS):
        hours = days[weekdays == weekday].sum(axis=0)
        ends.append(_end(hours) if hours.sum() >= WEEKDAY_SALES_MIN else whole)
    return np.array(ends)


def _end(hours: Integers) -> int:
    behind = hours[::-1].cumsum()[::-1]
    return int((behind > ENDED_SHARE * hours.sum()).sum())


def _pause_hours(days: Integers, end: Integers) -> int:
    """In how many hours a store usually sells PAUSE_SALES while it is open; at least one."""
    begin = (days.sum(axis=0).cumsum() > ENDED_SHARE * days.sum()).argmax()
    is_open = days.sum(axis=1) > 0
    open_hours = float(np.maximum(end - begin, 1)[is_open].sum())
    return max(1, ceil(PAUSE_SALES * open_hours / max(1, int(days.sum()))))


def _after(days: Integers, end: Integers, pause: int) -> npt.NDArray[np.bool_]:
    """Hours after the close and its pause, of the days on which the store paused."""
    hours = np.arange(DAY_HOURS)
    is_pause = (hours >= end[:, None]) & (hours < end[:, None] + pause)
    paused = np.where(is_pause, days, 0).sum(axis=1) == 0
    after: npt.NDArray[np.bool_] = (hours >= end[:, None] + pause) & paused[:, None]
    return after
