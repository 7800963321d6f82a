"""How far from a forecast what is sold will be: a negative binomial of units that are bought at once. Pure.

    variance of the total of any days = unit * mean + dispersion * mean^2

The first part is chance, `unit` being how many are bought at once; the second is that the level itself is not known,
so it does not average out over days. Dispersions are measured, by the size of the forecast, on products that the model
was not trained with.
"""

import numpy as np
from scipy.special import betainc, nbdtrik

from warehouse.demand.weekly import Floats

# Bounds of four weeks' forecasts within which dispersion is measured.
BOUNDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
# Below so many, a class of sizes takes the dispersion of the one below it.
ROWS_MIN = 40
# As measured on the real baskets (docs/decisions/0021-forecasting.md), where there is too little to measure.
USUAL = (9.0, 4.0, 1.8, 0.6, 0.3, 0.2, 0.15, 0.1)
DISPERSION_MIN, DISPERSION_MAX = 0.02, 20.0
# An 80 % interval: one in ten lies below it, one in ten above.
LOW, HIGH = 0.1, 0.9
# Days whose total an order covers: for these, days taken as independent have the right variance together.
ORDER_DAYS = 7


def measured(mean: Floats, sold: Floats, unit: Floats) -> tuple[float, ...]:
    """A dispersion for each class of sizes, from forecasts of four weeks and what was sold; USUAL where few are."""
    size = np.digitize(mean, BOUNDS)
    found = list[float]()
    for place, usual in enumerate(USUAL):
        of_size = size == place
        if of_size.sum() >= ROWS_MIN:
            error = ((sold - mean) ** 2 - unit * mean)[of_size].sum() / (mean[of_size] ** 2).sum()
            found.append(float(np.clip(error, DISPERSION_MIN, DISPERSION_MAX)))
        else:
            found.append(min(usual, found[-1]) if found else usual)
    return tuple(found)


def dispersion_of(mean: Floats, measured_ones: tuple[float, ...]) -> Floats:
    """The dispersion of each forecast of four weeks."""
    return np.array(measured_ones)[np.digitize(mean, BOUNDS)]


def interval(mean: Floats, dispersion: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Within which what is sold lies in four of five cases, of totals of any days; arrays of one shape."""
    count = mean / unit
    size = 1.0 / np.maximum(dispersion, DISPERSION_MIN)
    chance = size / (size + count)
    low, high = (quantile(part, size, chance) * unit for part in (LOW, HIGH))
    return np.where(mean > 0, low, 0.0), np.where(mean > 0, high, 0.0)


def quantile(part: float, size: Floats, chance: Floats) -> Floats:
    """The least count that a negative binomial does not exceed with a probability of `part`.

    Of scipy.special alone: scipy.stats takes a second and 60 MB to import, and pages need this.
    """
    near = np.ceil(np.nan_to_num(nbdtrik(part, size, chance), nan=0.0))
    # The solver's answer may be off by a rounding error, which would be one unit here.
    one_less = np.maximum(near - 1, 0.0)
    found: Floats = np.where(betainc(size, one_less + 1, chance) >= part, one_less, near)
    return np.where(chance**size >= part, 0.0, found)


def daily_dispersion(week_mean: Floats, dispersion: Floats, unit: Floats) -> Floats:
    """What a day's dispersion would be if days were independent and a week's total varied as it does.

    For whoever adds the variances of days up, `mean + dispersion * mean^2` each.
    """
    extra = dispersion + (unit - 1.0) / np.maximum(week_mean, 1e-6)
    return np.clip(extra * ORDER_DAYS, 0.0, 1e6)
