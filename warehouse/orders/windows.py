"""Demand over the days that matter to an order, from forecasts by day: its mean and variance. Pure.

A forecast knows so many days behind its cut-off. Later days are as its last week was on average; a forecast that is
some days old begins with the days that are left of it.

    variance of the total of any days = unit * mean + dispersion * mean^2

The first part is chance (`unit` being how many are bought at once), the second that the level itself is not known: it
does not average out over days (warehouse/demand/spread.py).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEEK_DAYS = 7
# A stock that lasts longer is said to last so long: ten years.
DAYS_LEFT_MAX = 3650
# Below this a day, a product is not sold: one unit in three years.
RATE_MIN = 0.001
# A gram of a kilogram, where goods are weighed.
UNIT_MIN = 0.001


class Ahead(NamedTuple):
    """Forecasts of n products, in whole units: means added up, [n, days + 1], from 0."""

    means: Floats
    unit: Floats
    dispersion: Floats
    passed: Integers  # Days of the forecast that are over.


class Window(NamedTuple):
    """Demand over some days, of n products."""

    mean: Floats
    variance: Floats


def ahead(means: Floats, *, unit: Floats, dispersion: Floats, passed: Integers) -> Ahead:
    """From means by day, [n, days]; what is not a number, or negative, is no demand."""
    means, unit, dispersion = (np.clip(np.nan_to_num(one, posinf=0.0), 0.0, None) for one in (means, unit, dispersion))
    return Ahead(_added_up(means), np.clip(unit, UNIT_MIN, None), dispersion, np.clip(passed, 0, None))


def take(known: Ahead, places: Integers) -> Ahead:
    """Some of the products, in this order."""
    return Ahead(known.means[places], known.unit[places], known.dispersion[places], known.passed[places])


def window(known: Ahead, days: Integers) -> Window:
    """Demand from today, for so many days: int64[n]."""
    mean = _at(known.means, known.passed + np.clip(days, 0, None)) - _at(known.means, known.passed)
    return Window(mean, known.unit * mean + known.dispersion * mean * mean)


def days_left(known: Ahead, available: Floats) -> Integers:
    """Full days that `available` lasts if what is expected is sold; -1 where nothing is expected."""
    days = known.means.shape[1] - 1
    start = _at(known.means, known.passed)
    rate = _rate(known.means)
    # The days of the forecast that are left, and then at the rate of its last week.
    later = np.arange(1, days + 1)[None, :] + known.passed[:, None]
    lasts = (_at_all(known.means, later) - start[:, None] <= available[:, None] + 1e-9).sum(axis=1)
    rest = available - (_at(known.means, known.passed + days) - start)
    is_sold_on = rate > RATE_MIN
    more = np.where(is_sold_on, np.floor((rest + 1e-9) / np.maximum(rate, RATE_MIN)), DAYS_LEFT_MAX)
    found = np.where(lasts == days, lasts + more, lasts)
    is_sold = (_at(known.means, known.passed + days) - start > RATE_MIN) | is_sold_on
    return np.where(is_sold, np.clip(found, 0, DAYS_LEFT_MAX), -1).astype(np.int64)


def _added_up(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _at(sums: Floats, days: Integers) -> Floats:
    """The sum of so many days behind the cut-off, of each product its own."""
    return _at_all(sums, days[:, None])[:, 0]


def _at_all(sums: Floats, days: Integers) -> Floats:
    """The sums of so many days behind the cut-off, int64[n, m]."""
    known = sums.shape[1] - 1
    found = np.take_along_axis(sums, np.minimum(days, known), axis=1)
    result: Floats = found + np.clip(days - known, 0, None) * _rate(sums)[:, None]
    return result


def _rate(sums: Floats) -> Floats:
    """What a day of the last week adds."""
    week = min(WEEK_DAYS, sums.shape[1] - 1)
    result: Floats = (sums[:, -1] - sums[:, -1 - week]) / week
    return result
