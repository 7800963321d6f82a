"""From what was learnt to the next 28 days of a store's products, with intervals. Pure."""

from typing import NamedTuple

import numpy as np

from warehouse.demand import spread
from warehouse.demand.features import Chain, known_at
from warehouse.demand.learning import Retail, Shop
from warehouse.demand.model import Learnt, four_weeks
from warehouse.demand.season import seasons, weekdays
from warehouse.demand.weekly import HORIZON_WEEKS, WEEK_DAYS, Floats, Integers

HORIZON = HORIZON_WEEKS * WEEK_DAYS


class Projection(NamedTuple):
    """Of n products, ascending: by day behind the cut-off, whole units, [n, 28]; the rest [n]."""

    products: Integers
    mean: Floats
    low: Floats
    high: Floats
    unit: Floats
    dispersion: Floats  # Of the total of any days (warehouse/demand/spread.py).
    daily_dispersion: Floats


class Setting(NamedTuple):
    """What all stores of a retailer share on the night of a cut-off."""

    retail: Retail
    chain: Chain
    learnt: Learnt
    first_weekday: int  # Of the day behind the cut-off; 0 is Monday.


def base(setting: Setting, shop: Shop) -> tuple[Integers, Integers, Floats, Floats]:
    """Products, their places in the chain, means by day without promotions, and units."""
    retail, chain = setting.retail, setting.chain
    known = known_at(shop.sold, chain, 0, retail.known_weeks)
    products = shop.sold.products[known.places]
    there = np.searchsorted(chain.products, products)
    total = four_weeks(setting.learnt, known)
    week = weekdays(shop.weekdays, retail.weekdays)
    by_day = week[(setting.first_weekday + np.arange(HORIZON)) % WEEK_DAYS] / HORIZON
    by_week = seasons(retail.sold, retail.categories, retail.known_weeks)[chain.category[there]]
    mean: Floats = total[:, None] * by_day * np.repeat(by_week, WEEK_DAYS, axis=1)
    return products, there, mean, known.unit


def project(setting: Setting, shop: Shop, uplifts: Floats | None = None) -> Projection:
    """The forecasts of a store; `uplifts` are factors of all products of the chain, [n of chain, 28]."""
    products, there, mean, unit = base(setting, shop)
    dispersion = spread.dispersion_of(mean.sum(axis=1), setting.learnt.dispersions)
    if uplifts is not None:
        mean = mean * uplifts[there]
    low, high = _by_day(mean, dispersion, unit)
    week = mean[:, :WEEK_DAYS].sum(axis=1)
    return Projection(products, mean, low, high, unit, dispersion, spread.daily_dispersion(week, dispersion, unit))


def _by_day(mean: Floats, dispersion: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Intervals of days. A week's days mostly repeat, so each different mean of a product is worked out once."""
    shape = mean.shape
    rounded = np.round(mean, 6)
    rows = np.repeat(np.arange(shape[0]), shape[1])
    distinct, place = np.unique(np.column_stack([rows, rounded.ravel()]), axis=0, return_inverse=True)
    of_row = distinct[:, 0].astype(np.int64)
    low, high = spread.interval(distinct[:, 1], dispersion[of_row], unit[of_row])
    return low[place.ravel()].reshape(shape), high[place.ravel()].reshape(shape)
