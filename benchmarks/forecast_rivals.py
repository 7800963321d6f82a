"""Simple and known forecasts to compare with: each takes days up to the cut-off, [n, days], and says the next 28."""

from collections.abc import Callable

import numpy as np

from warehouse.demand.projecting import HORIZON
from warehouse.demand.weekly import HORIZON_WEEKS, WEEK_DAYS, Floats

# Croston's smoothing of sizes and gaps, as its papers recommend for sparse demand.
ALPHA = 0.1


def seasonal_naive(past: Floats) -> Floats:
    """The last week, four times."""
    return np.tile(past[:, -WEEK_DAYS:], (1, HORIZON_WEEKS))


def four_weeks_mean(past: Floats) -> Floats:
    """The mean of each weekday in the last four weeks."""
    week = past[:, -HORIZON:].reshape(len(past), HORIZON_WEEKS, WEEK_DAYS).mean(axis=1)
    return np.tile(week, (1, HORIZON_WEEKS))


def quarter_mean(past: Floats) -> Floats:
    """The mean of the last thirteen weeks."""
    return np.repeat(past[:, -13 * WEEK_DAYS :].mean(axis=1)[:, None], HORIZON, axis=1)


def croston_sba(past: Floats) -> Floats:
    """Croston's method with Syntetos and Boylan's correction (2005): smoothed size by smoothed gap, less alpha / 2."""
    size, gap, since = np.zeros(len(past)), np.full(len(past), float(past.shape[1])), np.ones(len(past))
    is_begun = np.zeros(len(past), bool)
    for day in past.T:
        sells, is_first = day > 0, (day > 0) & ~is_begun
        size = np.where(is_first, day, np.where(sells, size + ALPHA * (day - size), size))
        gap = np.where(is_first, since, np.where(sells, gap + ALPHA * (since - gap), gap))
        is_begun |= sells
        since = np.where(sells, 1.0, since + 1)
    return np.repeat(((1 - ALPHA / 2) * size / np.maximum(gap, 1.0))[:, None], HORIZON, axis=1)


def tsb(past: Floats) -> Floats:
    """Teunter, Syntetos and Babai (2011): smoothed size by the smoothed chance of a sale, which fades without sales."""
    size, chance = np.zeros(len(past)), np.zeros(len(past))
    for day in past.T:
        sells = day > 0
        size = np.where(sells, np.where(size == 0, day, size + ALPHA * (day - size)), size)
        chance += ALPHA / 2 * (sells - chance)
    return np.repeat((size * chance)[:, None], HORIZON, axis=1)


RIVALS: dict[str, Callable[[Floats], Floats]] = {
    "seasonal-naive": seasonal_naive,
    "weekday mean, 4 w": four_weeks_mean,
    "mean, 13 weeks": quarter_mean,
    "Croston SBA": croston_sba,
    "TSB": tsb,
}
