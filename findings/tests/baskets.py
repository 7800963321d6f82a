"""The year of real baskets as tills' histories: at the demo's tills, as its past has them with returns and voids. Pure.

Nobody did anything odd in them, so what is found is false; but for stores that the source ends before the year does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple

import numpy as np

from findings import silent
from findings.chances import Floats
from findings.silent import Integers, Spans, judge_spans, make_histories, others_factor, usual_days
from findings.windows import PAST_DAYS, WINDOW_DAYS, Sums
from transactions.demo import BASKETS_A_TILL, TILLS_MIN
from transactions.replay.history.happenings import Happenings, Kind, Span, happenings, returned_lines
from transactions.replay.source import DAY_S, Year, load_year

YEAR_DAYS = 365
# Spans that are judged at once.
BATCH = 2_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Receipts:
    """Receipts in order of time: whose (a till or a store, counted from 0), the day of the year, hour and second."""

    units: Integers
    wall_s: Integers
    days: Integers
    hours: Integers
    first_day: int

    def daily(self, units: int) -> Floats:
        """How many of each day, a row a unit."""
        counts = np.bincount(self.units * YEAR_DAYS + self.days, minlength=units * YEAR_DAYS)
        return counts.reshape(units, YEAR_DAYS).astype(float)


@dataclass(frozen=True)
class Trade:
    """The year: its stores and their tills (counted from 0), and all that was rung up."""

    year: Year
    happened: Happenings
    stores: int
    store_of: Integers
    tills: Receipts

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """Each store's first till, and the one behind its last."""
        ends = np.cumsum(np.bincount(self.store_of)).tolist()
        return list(zip([0, *ends], ends, strict=False))

    @property
    def by_store(self) -> Receipts:
        """The same with the stores as tills."""
        own = self.tills
        return Receipts(self.store_of[own.units], own.wall_s, own.days, own.hours, own.first_day)


class Silence(NamedTuple):
    """A span without a sale: whose, how many days, the chance, whether it would be found, what was expected."""

    unit: int
    days: float
    chance: float
    is_long: bool
    due_days: float
    expected: float


@cache
def trade() -> Trade:
    """The whole year, in about two seconds."""
    year = load_year()
    stores, counts = np.unique(year.stores, return_counts=True)
    many = TILLS_MIN + counts // BASKETS_A_TILL
    ends = np.cumsum(many)
    tills = {
        int(store): list(range(int(end - count), int(end)))
        for store, end, count in zip(stores, ends, many, strict=True)
    }
    last_s = int(year.wall_s.max())
    happened = happenings(year, Span(year.wall_s, int(year.wall_s.min()) - 1, last_s, last_s), tills)
    first_day = int(year.wall_s.min()) // DAY_S
    days = happened.wall_s // DAY_S - first_day
    own = Receipts(happened.terminals, happened.wall_s, days, happened.wall_s % DAY_S // 3600, first_day)
    return Trade(year, happened, len(stores), np.repeat(np.arange(len(stores)), many), own)


def silences(receipts: Receipts, units: Sequence[int], others: Floats | None = None) -> Iterator[Silence]:
    """Every span long enough to be looked at, judged at its end as findings/silent_reading.py would.

    `others`: what the stores' other tills sold by day, a row a unit.
    """
    order = np.lexsort((receipts.wall_s, receipts.units))
    starts = np.searchsorted(receipts.units[order], np.arange(max(units) + 2))
    least_s = silent.SILENT_AT_LEAST.total_seconds()
    year_ends_s = (receipts.first_day + YEAR_DAYS) * DAY_S - 1
    waiting: list[tuple[int, Integers, int, int]] = []
    for unit in units:
        own = order[starts[unit] : starts[unit + 1]]
        moments = receipts.wall_s[own]
        ends = np.append(moments[1:], year_ends_s)
        for place in np.flatnonzero(ends - moments >= least_s).tolist():
            waiting.append((unit, own, place, int(ends[place])))
    fleet = receipts.daily(int(receipts.units.max()) + 1).sum(axis=0)
    for start in range(0, len(waiting), BATCH):
        part = waiting[start : start + BATCH]
        spans, ended = _judged(receipts, part, fleet, others)
        is_long = spans.opens(1.0)
        for row, (unit, own, place, _) in enumerate(part):
            yield Silence(
                unit,
                (ended[row] - _moment(int(receipts.wall_s[own[place]]))) / timedelta(1),
                float(spans.chance[row]),
                bool(is_long[row]),
                float(spans.due_days[row]),
                float(spans.expected[row]),
            )


def _judged(
    receipts: Receipts, part: list[tuple[int, Integers, int, int]], fleet: Floats, others: Floats | None
) -> tuple[Spans, list[datetime]]:
    last, first, places, backs, hours = [], list[date](), [], [], []
    for row, (_, own, place, _) in enumerate(part):
        until = own[: place + 1]
        until = until[receipts.days[until] >= receipts.days[own[place]] - silent.HISTORY_DAYS]
        last.append(_moment(int(receipts.wall_s[own[place]])))
        first.append(_moment(int(receipts.wall_s[own[0]])).date())
        places.append(np.full(len(until), row))
        backs.append(receipts.days[own[place]] - receipts.days[until])
        hours.append(receipts.hours[until])
    rows = (np.concatenate(places), np.concatenate(backs), np.concatenate(hours))
    found = make_histories(last, first, (*rows, np.ones(len(rows[0]), dtype=np.int64)))
    ended = [_moment(end_s) for *_, end_s in part]
    length = max(silent.span_days(one, end) for one, end in zip(last, ended, strict=True))
    due = silent.part_due(found, ended, length)
    factors = np.ones((len(part), length))
    fleet_line = np.concatenate([np.zeros(silent.HISTORY_DAYS), fleet, np.full(length, fleet.mean())])
    weeks = [
        fleet_line[silent.HISTORY_DAYS - 7 * back : len(fleet_line) - 7 * back]
        for back in range(1, silent.HISTORY_WEEKS + 1)
    ]
    fleet_usual = np.mean(weeks, axis=0)
    for row, (unit, own, place, _) in enumerate(part):
        day = int(receipts.days[own[place]])
        sold, usual = fleet_line[silent.HISTORY_DAYS :][day : day + length], fleet_usual[day : day + length]
        factors[row] = silent.fleet_factor(sold, usual * due[row])
        if others is not None:
            line = np.concatenate([np.zeros(silent.HISTORY_DAYS), others[unit], np.zeros(length)])
            line = line[day : day + silent.HISTORY_DAYS + length]
            factors[row] *= others_factor(line[silent.HISTORY_DAYS :], usual_days(line, silent.HISTORY_DAYS) * due[row])
    return judge_spans(found, ended, factors), ended


def _moment(wall_s: int) -> datetime:
    return EPOCH + timedelta(seconds=wall_s)


def windows() -> Iterator[tuple[int, int, int]]:
    """The year's windows without overlap: the first day of the past, of the window, and the day behind it."""
    for first in range(PAST_DAYS, YEAR_DAYS - WINDOW_DAYS + 1, WINDOW_DAYS):
        yield first - PAST_DAYS, first, first + WINDOW_DAYS


@cache
def sums_by_day() -> dict[str, Integers]:
    """Each sum of findings.windows.Sums (but lines) by till and day."""
    one = trade()
    year, happened = one.year, one.happened
    totals = np.add.reduceat(year.values, year.starts[:-1])[happened.baskets]
    for place in np.flatnonzero(happened.kinds == Kind.REFUND).tolist():
        basket = int(happened.baskets[place])
        lines = year.values[year.starts[basket] : year.starts[basket + 1]]
        totals[place] = lines[list(returned_lines(year, basket))].sum()
    key = happened.terminals * YEAR_DAYS + one.tills.days
    size = len(one.store_of) * YEAR_DAYS
    found = {}
    names = (("sales", "gross", Kind.SALE), ("refunds", "refunded", Kind.REFUND), ("voids", "voided", Kind.VOID))
    for count, amount, kind in names:
        own = happened.kinds == kind
        found[count] = np.bincount(key[own], minlength=size).reshape(-1, YEAR_DAYS)
        found[amount] = np.bincount(key[own], totals[own], size).astype(np.int64).reshape(-1, YEAR_DAYS)
    return found


def sums_of(since: int, until: int) -> list[Sums]:
    """What each till did from a day to before another."""
    columns = {name: days[:, since:until].sum(axis=1).tolist() for name, days in sums_by_day().items()}
    names = list(columns)
    return [Sums(**dict(zip(names, row, strict=True))) for row in zip(*columns.values(), strict=True)]
