"""How likely demand is to exceed what there is: the negative binomial distribution, for many products at once. Pure.

Its distribution function is the regularised incomplete beta function, F(k) = I_p(r, k + 1) with p = mean / variance
and r = mean * p / (1 - p) (source: DLMF 8.17.24), which a continued fraction gives to ten digits in a bounded number of
steps (source: DLMF 8.17.22, summed as Lentz does). It is continuous in k, so half a kilogram is no special case.

All arrays are float64[n], in whole units of sale.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Customers come one by one: counts are never steadier than Poisson's, where the variance is the mean. A per cent more
# keeps the formula within its range, and nobody sees it.
RATIO_MIN = 1.01
# Demand that comes ten thousand pieces at a time says nothing but "anything".
RATIO_MAX = 1e4
# Demand below this is none: one unit in some thousand years.
MEAN_MIN = 1e-6
# A store that sells a million of one thing until the next delivery is a fault in the data. The number of steps below
# grows with the root of it: 490 at a million.
MEAN_MAX = 1e6
STEPS_MAX = 1_000
EXACT_ENOUGH = 1e-12
# Instead of a division by zero.
TINY = 1e-300
LEVEL_MAX = 0.9999

_log_gamma = np.vectorize(math.lgamma, otypes=[np.float64])


def exceeds(mean: Floats, variance: Floats, available: Floats) -> Floats:
    """P(demand > available); certain where less than nothing is available and there is demand at all."""
    mean, variance = _within(mean, variance)
    found = np.zeros(len(mean))
    short = (available < 0) & (mean > MEAN_MIN)
    found[short] = 1.0
    asked = np.flatnonzero(~short & (mean > MEAN_MIN))
    if asked.size:
        found[asked] = 1.0 - _distribution(mean[asked], variance[asked], available[asked])
    return np.clip(found, 0.0, 1.0)


def quantile(mean: Floats, variance: Floats, level: float) -> Floats:
    """The least whole number that demand does not exceed with the probability `level`.

    Found by halving; Cantelli's inequality says where it is at most.
    """
    level = min(max(level, 0.0), LEVEL_MAX)
    mean, variance = _within(mean, variance)
    low = np.full(len(mean), -1.0)
    high = np.ceil(mean + np.sqrt(variance * level / (1.0 - level)))
    high[mean <= MEAN_MIN] = 0.0
    while (open_ := np.flatnonzero(high - low > 1.0)).size:
        middle = np.floor((low[open_] + high[open_]) / 2)
        is_enough = _distribution(mean[open_], variance[open_], middle) >= level
        high[open_[is_enough]] = middle[is_enough]
        low[open_[~is_enough]] = middle[~is_enough]
    return high


def _within(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    mean = np.clip(np.nan_to_num(mean, posinf=MEAN_MAX), 0.0, MEAN_MAX)
    variance = np.nan_to_num(variance, posinf=np.finfo(np.float64).max)
    return mean, np.clip(variance, mean * RATIO_MIN, mean * RATIO_MAX)


def _distribution(mean: Floats, variance: Floats, at: Floats) -> Floats:
    """P(demand <= at), of means above MEAN_MIN and `at` of 0 and more."""
    odds = mean / variance
    size = mean * odds / (1.0 - odds)
    return _beta(size, at + 1.0, odds)


def _beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """I_x(a, b), the regularised incomplete beta function; on the side where its fraction converges fast."""
    front = np.exp(_log_gamma(a + b) - _log_gamma(a) - _log_gamma(b) + a * np.log(x) + b * np.log1p(-x))
    turned = x >= (a + 1.0) / (a + b + 2.0)
    first, second, at = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1.0 - x, x)
    found = front * _fraction(first, second, at) / first
    result: Floats = np.where(turned, 1.0 - found, found)
    return result


def _fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """The continued fraction; what has converged is left out of the further steps."""
    found = np.ones(len(a))
    places = np.arange(len(a))
    upper, lower = np.ones(len(a)), _inverse(1.0 - (a + b) * x / (a + 1.0))
    value = lower.copy()
    for step in range(1, STEPS_MAX + 1):
        twice = 2 * step
        even = step * (b - step) * x / ((a + twice - 1.0) * (a + twice))
        odd = -(a + step) * (a + b + step) * x / ((a + twice) * (a + twice + 1.0))
        for term in (even, odd):
            lower, upper = _inverse(1.0 + term * lower), _not_zero(1.0 + term / upper)
            value = value * lower * upper
        is_open = np.abs(lower * upper - 1.0) > EXACT_ENOUGH
        if not is_open.all():
            found[places[~is_open]] = value[~is_open]
            places = places[is_open]
            a, b, x, upper, lower, value = (one[is_open] for one in (a, b, x, upper, lower, value))
            if not places.size:
                return found
    found[places] = value
    return found


def _inverse(values: Floats) -> Floats:
    return 1.0 / _not_zero(values)


def _not_zero(values: Floats) -> Floats:
    result: Floats = np.where(np.abs(values) < TINY, TINY, values)
    return result
