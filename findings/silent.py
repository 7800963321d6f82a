"""Tills that are silent: judged against their own history, by weekday and hour. Pure; findings/silent_reading.py reads.

What is judged is the span since the till's last sale. Its history are the HISTORY_DAYS before that day, so that a long
silence does not wear away what it is judged by. Of it are known

    expected   sales that were due in the span by its own weekdays and hours, later weeks counting more
    due days   days on which it usually sells that lie in the span; a part of one counts as far as its hours are over

and two chances, of which the larger one counts, since each forgets something:

    sales   a negative binomial's zero, as over-dispersed as the till's days and weeks were: forgets that a till may
            stay out of use for a whole day
    days    so many due days in a row without a sale, a beta-binomial on its days with and without one: forgets how
            much is sold on a day

What is no evidence, because others were silent, too, is taken out of both: each day counts only as far as the whole
fleet and the store's other tills sold what is usual for them. A public holiday or a closed shop so does not count, and
nobody keeps a calendar. A store all of whose tills are silent is one finding of the store; when most of a retailer's
stores are, one of the retailer. A till is not silent when

    another one came in its place    first seen about when it went, and selling at least half of what it would have
    it was so last year              the same weeks a year ago were as good as empty
    it often is                      the span is not much longer than the longest silence in its history

and one that is suspended, lost or retired is not judged. It closes itself with the next sale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from findings import chances
from findings.chances import Floats

Integers = npt.NDArray[np.int64]

DAY = timedelta(days=1)
WEEK_DAYS, DAY_HOURS = 7, 24
HISTORY_WEEKS = 8
HISTORY_DAYS = HISTORY_WEEKS * WEEK_DAYS
# A till needs so many days of history, and so many days with a sale among them, before its silence says anything.
KNOWN_DAYS_MIN = 3 * WEEK_DAYS
USED_DAYS_MIN = 5
# Of two weeks, the one so much earlier counts half.
HALF_LIFE_WEEKS = 2.0
# A finding opens when fewer than one in so many such spans would be silent at a till in order.
OPENS_BELOW = 1e-5
# A shop may be closed for longer than a till is away from a shop that is open.
STORE_OPENS_BELOW = 1e-6
STORE_DUE_DAYS_MIN = 4.0
# The span is longer than the longest silence in its history by so much.
LONGEST_TIMES, LONGEST_MORE_DAYS = 2.0, 1.0
# Nothing much shorter can pass OPENS_BELOW, which takes three due days of a till that sold on every day: from an
# opening to the close of the day after the next. Who sold within this time need not be read.
SILENT_AT_LEAST = timedelta(hours=54)
# A silence is judged by its first days; what follows makes nothing less certain.
SPAN_DAYS_MAX = 120
# Sales that the shape by weekday alone and by hour alone counts for, beside the own 168 hours.
SHAPE_SALES = 20.0
# Tills vary at least so much from week to week.
SALES_DISPERSION_MIN = 0.15
# Others' sales of a day are compared with what is usual as if so many more had been due and made.
OTHERS_MORE = 1.0
# The fleet's day counts less below this part of what is usual.
FLEET_QUIET = 0.5
# A till that came in another's place was first seen from so long before it went.
REPLACED_BEFORE = timedelta(days=14)
REPLACED_SHARE = 0.5
# A year ago: whole weeks, so that weekdays match; so much of what is expected may have been sold then.
YEAR_BACK = timedelta(days=52 * WEEK_DAYS)
SEASONAL_SHARE = 0.1
SEASON_DAYS = 7
# Of a retailer with more than one store, so many stores silent are one finding.
RETAILER_SHARE = 0.5
RETAILER_STORES_MIN = 3


@dataclass(frozen=True, slots=True)
class Histories:
    """What is known of some tills (or of stores, their tills together), a row each.

    `known_days`: how many of the HISTORY_DAYS before the day of the last sale it was there. `counts`: receipts by day,
    the day before the last sale's first; days before it was there are 0. `hours`: receipts a week by weekday (of the
    calendar, 0 is Monday) and hour, later weeks counting more. Moments are of the clock on the wall, without an offset.
    """

    last_at: list[datetime]
    known_days: Integers
    counts: Floats
    hours: Floats

    def __len__(self) -> int:
        return len(self.last_at)


@dataclass(frozen=True, slots=True)
class Spans:
    """What was judged, a row for each history: see the module's text. `chance` is the larger one of the two."""

    expected: Floats
    due_days: Floats
    sales_chance: Floats
    days_chance: Floats
    week: Floats
    longest_days: Floats

    @property
    def chance(self) -> Floats:
        """How seldom a till in order is silent for such a span."""
        return np.maximum(self.sales_chance, self.days_chance)

    def opens(self, below: float = OPENS_BELOW) -> npt.NDArray[np.bool_]:
        """Which of them are silent."""
        longer = self.due_days >= LONGEST_TIMES * self.longest_days + LONGEST_MORE_DAYS
        opened: npt.NDArray[np.bool_] = (self.chance < below) & longer
        return opened


def make_histories(
    last_at: list[datetime], first_on: list[date], rows: tuple[Integers, Integers, Integers, Integers]
) -> Histories:
    """Histories out of rows (place in the lists, days before the day of the last sale, hour, receipts).

    Rows outside of the HISTORY_DAYS are left out, as are those of the last sale's day, which is not over.
    """
    many = len(last_at)
    place, back, hour, receipts = rows
    inside = (back >= 1) & (back <= HISTORY_DAYS)
    place, back, hour, receipts = place[inside], back[inside], hour[inside], receipts[inside]
    known = np.array(
        [min(HISTORY_DAYS, (last.date() - first).days) for last, first in zip(last_at, first_on, strict=True)]
    )
    last_weekday = np.array([last.weekday() for last in last_at], dtype=np.int64)
    weekday = (last_weekday[place] - back) % WEEK_DAYS
    weight = week_weights()[(back - 1) // WEEK_DAYS]
    days = _sums(place * HISTORY_DAYS + back - 1, receipts, (many, HISTORY_DAYS))
    cell = (place * WEEK_DAYS + weekday) * DAY_HOURS + hour
    hours = _sums(cell, receipts * weight, (many, WEEK_DAYS, DAY_HOURS))
    # How much weight each weekday has, of the days that it was there for.
    there = np.arange(HISTORY_DAYS) < np.maximum(known, 0)[:, None]
    weights = there * np.repeat(week_weights(), WEEK_DAYS)
    weekdays = (last_weekday[:, None] - 1 - np.arange(HISTORY_DAYS)) % WEEK_DAYS
    total = np.stack([(weights * (weekdays == one)).sum(axis=1) for one in range(WEEK_DAYS)], axis=1)
    return Histories(last_at, known, days, hours / np.maximum(total, 1e-9)[:, :, None])


def _sums(places: Integers, values: Integers | Floats, shape: tuple[int, ...]) -> Floats:
    """Values added up by their places in an array of that shape."""
    return np.asarray(np.bincount(places, values, int(np.prod(shape))), dtype=np.float64).reshape(shape)


def week_weights() -> Floats:
    """How much a week counts, the latest first."""
    return np.asarray(0.5 ** (np.arange(HISTORY_WEEKS) / HALF_LIFE_WEEKS), dtype=np.float64)


def judge_spans(found: Histories, ends: Sequence[datetime], factors: Floats | None = None) -> Spans:
    """Judges the spans since the last sales, each up to its end.

    `factors` say how far each day of a span counts, the day of the last sale first; without, every day counts in full.
    Histories that are too short get a chance of 1.
    """
    weekday, part = _days_of(found, ends)
    part = part if factors is None else part * factors[:, : part.shape[1]]
    shape = _shape(found.hours)
    rows = np.arange(len(found))[:, None]
    level = found.hours.sum(axis=2)
    done = _over(shape, found, ends, part)
    expected = (level[rows, weekday] * done).sum(axis=1)
    used, missed, relevance, longest = _days_used(found)
    due_days = (relevance[rows, weekday] * done).sum(axis=1)
    enough = (found.known_days >= KNOWN_DAYS_MIN) & ((found.counts > 0).sum(axis=1) >= USED_DAYS_MIN)
    return Spans(
        expected=expected,
        due_days=due_days,
        sales_chance=np.where(enough, chances.none_of(expected, _dispersions(found)), 1.0),
        days_chance=np.where(enough, chances.days_without(due_days, used, missed), 1.0),
        week=level.sum(axis=1),
        longest_days=longest,
    )


def span_days(last_at: datetime, now: datetime) -> int:
    """How many days a span touches, at most SPAN_DAYS_MAX."""
    return min(SPAN_DAYS_MAX, max(0, (now.date() - last_at.date()).days) + 1)


def part_due(found: Histories, ends: Sequence[datetime], days: int) -> Floats:
    """Of each of the first so many days of the spans, how much is over at the end: what others had the time to sell."""
    due = np.ones((len(found), days))
    shape = _shape(found.hours)
    for row, (last, end) in enumerate(zip(found.last_at, ends, strict=True)):
        place = (end.date() - last.date()).days
        if 0 <= place < days:
            due[row, place] = _at(shape[row, end.weekday()], end)
    return due


def fleet_factor(sold: Floats, usual: Floats) -> Floats:
    """The same by the whole fleet, which counts only when hardly anybody sells: an ordinary day is never usual."""
    factor = others_factor(sold, usual)
    return np.where(factor < FLEET_QUIET, factor, 1.0)


def usual_days(sold: Floats, before: int) -> Floats:
    """What is usual of the days behind the first `before` ones: the mean of the same weekdays among those.

    `sold` are days in a row; `before` is at most HISTORY_DAYS, and whole weeks.
    """
    weeks = sold[..., :before].reshape(*sold.shape[:-1], before // WEEK_DAYS, WEEK_DAYS)
    mean = weeks.mean(axis=-2)
    return np.asarray(mean[..., np.arange(sold.shape[-1] - before) % WEEK_DAYS], dtype=np.float64)


def others_factor(sold: Floats, usual: Floats) -> Floats:
    """How far a day counts by what others sold on it and what they usually do: at most in full."""
    return np.asarray(np.minimum(1.0, (sold + OTHERS_MORE) / (usual + OTHERS_MORE)), dtype=np.float64)


def is_replaced(last_at: datetime, expected: float, newcomers: list[tuple[datetime, int]]) -> bool:
    """Whether tills of the store that came about when it went (first sale, receipts since) do its work."""
    came = [receipts for first_at, receipts in newcomers if first_at >= last_at - REPLACED_BEFORE]
    return bool(came) and sum(came) >= REPLACED_SHARE * expected


def season_of(last_at: datetime, now: datetime) -> tuple[date, date]:
    """The days a year ago that tell whether it is so every year: the span but its first week, or all of a short one."""
    start, end = last_at.date() - YEAR_BACK, now.date() - YEAR_BACK
    return min(start + SEASON_DAYS * DAY, max(start, end - SEASON_DAYS * DAY)), end


def is_seasonal(first_on: date, last_at: datetime, sold_then: int, expected: float) -> bool:
    """Whether it was there a year ago, before what is now its silence, and sold next to nothing in the same weeks."""
    was_there = first_on <= last_at.date() - YEAR_BACK
    return was_there and sold_then <= SEASONAL_SHARE * expected


def _days_of(found: Histories, ends: Sequence[datetime]) -> tuple[Integers, Floats]:
    """The weekday of each day of the spans, and 1 for those that are in them."""
    spans = zip(found.last_at, ends, strict=True)
    days = np.array([span_days(last, end) if end > last else 0 for last, end in spans], dtype=np.int64)
    length = max(1, int(days.max(initial=1)))
    first = np.array([last.weekday() for last in found.last_at], dtype=np.int64)
    place = np.arange(length)
    return (first[:, None] + place) % WEEK_DAYS, (place < days[:, None]).astype(np.float64)


def _shape(hours: Floats) -> Floats:
    """How a weekday's sales are spread over its hours, cumulated: of 25 borders, 0 to 1.

    Drawn towards the hours of all weekdays together, which many sales outweigh.
    """
    by_hour = hours.sum(axis=1)
    usual = (by_hour + 1e-6) / (by_hour + 1e-6).sum(axis=1, keepdims=True)
    # The weeks that count make about so many times a week's sales.
    own = hours * week_weights().sum()
    mixed = own + SHAPE_SALES / WEEK_DAYS * usual[:, None, :]
    total = np.cumsum(mixed / mixed.sum(axis=2, keepdims=True), axis=2)
    return np.concatenate([np.zeros((*total.shape[:2], 1)), total], axis=2)


def _over(shape: Floats, found: Histories, ends: Sequence[datetime], part: Floats) -> Floats:
    """How much of each day of the spans lies in them, times how far it counts."""
    done = part.copy()
    for row, (last, end) in enumerate(zip(found.last_at, ends, strict=True)):
        done[row, 0] -= part[row, 0] * _at(shape[row, last.weekday()], last)
        place = (end.date() - last.date()).days
        if 0 <= place < done.shape[1]:
            done[row, place] -= part[row, place] * (1.0 - _at(shape[row, end.weekday()], end))
    return np.maximum(done, 0.0)


def _at(borders: Floats, moment: datetime) -> float:
    """How much of a day is over at a moment of it."""
    start = float(borders[moment.hour])
    return start + (float(borders[moment.hour + 1]) - start) * moment.minute / 60


def _days_used(found: Histories) -> tuple[Floats, Floats, Floats, Floats]:
    """Days with a sale, days without, how usual each weekday is (1: the most usual), and the longest silence.

    A weekday counts as far as it is usual: of a till that is used on Saturdays, other days are neither used nor missed.
    """
    back = np.arange(HISTORY_DAYS)
    there = back < found.known_days[:, None]
    last = np.array([one.weekday() for one in found.last_at], dtype=np.int64)
    weekdays = (last[:, None] - 1 - back) % WEEK_DAYS
    sold = (found.counts > 0) & there
    usual = np.stack(
        [
            (sold & (weekdays == one)).sum(axis=1) / np.maximum((there & (weekdays == one)).sum(axis=1), 1)
            for one in range(WEEK_DAYS)
        ],
        axis=1,
    )
    relevance = usual / np.maximum(usual.max(axis=1, keepdims=True), 1e-9)
    weight = np.take_along_axis(relevance, weekdays, axis=1) * there
    run = longest = np.zeros(len(found))
    for place in range(HISTORY_DAYS):
        run = np.where(sold[:, place], 0.0, run + weight[:, place])
        longest = np.maximum(longest, run)
    return (weight * sold).sum(axis=1), (weight * ~sold).sum(axis=1), relevance, longest


def _dispersions(found: Histories) -> Floats:
    """How over-dispersed each till's days, and its weeks, were: the larger one."""
    back = np.arange(HISTORY_DAYS)
    last = np.array([one.weekday() for one in found.last_at], dtype=np.int64)
    weekdays = (last[:, None] - 1 - back) % WEEK_DAYS
    level = found.hours.sum(axis=2)
    expected = np.take_along_axis(level, weekdays, axis=1) * (back < found.known_days[:, None])
    whole = np.arange(HISTORY_WEEKS) < (found.known_days // WEEK_DAYS)[:, None]
    weeks = found.counts.reshape(-1, HISTORY_WEEKS, WEEK_DAYS).sum(axis=2) * whole
    due = expected.reshape(-1, HISTORY_WEEKS, WEEK_DAYS).sum(axis=2) * whole
    made = [_dispersion(found.counts, expected), _dispersion(weeks, due)]
    return np.asarray(np.clip(np.maximum(*made), SALES_DISPERSION_MIN, chances.DISPERSION_MAX), dtype=np.float64)


def _dispersion(counts: Floats, expected: Floats) -> Floats:
    square = (expected**2).sum(axis=1)
    more = ((counts - expected) ** 2 - expected).sum(axis=1)
    return np.asarray(np.where(square > 0, more / np.maximum(square, 1e-9), chances.DISPERSION_MAX), dtype=np.float64)
