"""How seldom what was seen would be seen at a till that is in order. Pure.

Every function gives a probability and takes numbers or arrays of one shape. Tills differ more than chance alone makes
them, so each takes how much: as a dispersion, where

    variance = mean + dispersion * mean^2

and the second part, that the level itself is not known, does not average out however long one looks.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaln, gammaincc, xlog1py

Floats = npt.NDArray[np.float64]
Numbers = float | Floats | npt.NDArray[np.int64]

DISPERSION_MIN, DISPERSION_MAX = 0.02, 4.0
# Jeffreys' prior: what is not known yet counts as half a day with a sale and half a day without.
HALF = 0.5
# No smaller chance is told: what it is made of is not known that well.
CHANCE_MIN = 1e-30
# "Once in" no more than this, which every reader of JSON takes exactly.
ONCE_IN_MAX = 10**15


def none_of(expected: Numbers, dispersion: Numbers) -> Any:
    """The chance of no sale where `expected` ones are due: a negative binomial's zero."""
    spread = np.maximum(dispersion, DISPERSION_MIN)
    return np.maximum(np.exp(-xlog1py(1.0 / spread, spread * np.maximum(expected, 0.0))), CHANCE_MIN)


def days_without(days: Numbers, used: Numbers, missed: Numbers) -> Any:
    """The chance of `days` (a part of one counts) without a sale in a row, when `used` had one and `missed` had none.

    A beta-binomial: eight days of eight do not show that the ninth is certain.
    """
    with_one, without = np.add(used, HALF), np.add(missed, HALF)
    return np.maximum(np.exp(betaln(with_one, np.add(without, days)) - betaln(with_one, without)), CHANCE_MIN)


def at_least(count: Numbers, expected: Numbers, dispersion: Numbers) -> Any:
    """The chance of `count` or more where `expected` are usual: a negative binomial's upper tail."""
    spread = np.maximum(dispersion, DISPERSION_MIN)
    size = 1.0 / spread
    hit = np.clip(1.0 / (1.0 + spread * np.maximum(expected, 0.0)), 0.0, 1.0)
    found = betainc(np.maximum(count, 1e-9), size, 1.0 - hit)
    return np.where(np.asarray(count) <= 0, 1.0, np.maximum(found, CHANCE_MIN))


def share_at_least(count: Numbers, of: Numbers, share: Numbers) -> Any:
    """The chance that `count` or more `of` them have what each has by a chance of `share`: the exact binomial tail."""
    numbers, known = np.asarray(count, dtype=float), np.asarray(of, dtype=float)
    found = betainc(np.maximum(numbers, 1e-9), np.maximum(known - numbers + 1.0, 1e-9), np.clip(share, 0.0, 1.0))
    return np.where(numbers <= 0, 1.0, np.maximum(found, CHANCE_MIN))


def amount_at_least(amount: Numbers, expected: Numbers, each: Numbers, dispersion: Numbers) -> Any:
    """The chance that sums of about `each` come to `amount` or more where `expected` is usual.

    A gamma of the same mean and variance; sums differ among themselves as an exponential's, hence twice `each`.
    """
    mean = np.maximum(expected, 1e-9)
    shape = mean / (2.0 * np.maximum(each, 1e-9) + np.multiply(dispersion, mean))
    return np.where(np.asarray(amount) <= 0, 1.0, np.maximum(gammaincc(shape, shape * amount / mean), CHANCE_MIN))


def dispersion_of(counts: Floats, expected: Floats) -> float:
    """How much more than chance counts differ from what was expected of them, at least DISPERSION_MIN."""
    square = float((expected**2).sum())
    if square <= 0:
        return DISPERSION_MAX
    return float(np.clip((((counts - expected) ** 2) - expected).sum() / square, DISPERSION_MIN, DISPERSION_MAX))


def corrected(chance: float, looked_at: int) -> float:
    """The chance that at least one of so many looked at shows it by chance alone (Bonferroni's bound), at most 1."""
    return min(1.0, chance * max(1, looked_at))


def once_in(chance: float) -> int:
    """So many such cases until one is seen, to two digits: what people read instead of a probability."""
    one_in = min(1.0 / max(chance, CHANCE_MIN), ONCE_IN_MAX)
    digits = max(0, int(np.floor(np.log10(one_in))) - 1)
    step: int = 10**digits
    return int(one_in // step) * step
