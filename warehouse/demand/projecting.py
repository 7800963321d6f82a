"""From what was learnt to the next 28 days of a store's products, with intervals. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from warehouse.demand import spread
from warehouse.demand.effects import usual_discounts
from warehouse.demand.features import Chain, chain_at, known_at
from warehouse.demand.learning import Retail, Shop
from warehouse.demand.model import Learnt, four_weeks
from warehouse.demand.planned import Discounted, Planned, factors
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
    effects: Floats  # Of discounts, by category.
    usual: Floats  # Discounts of each product of the chain.
    first_weekday: int  # Of the day behind the cut-off; 0 is Monday.


def setting_of(retail: Retail, learnt: Learnt, effects: Floats, first_weekday: int) -> Setting:
    """At the cut-off itself."""
    chain = chain_at(retail.sold, retail.categories, 0, retail.known_weeks)
    return Setting(retail, chain, learnt, effects, usual_discounts(retail.sold), first_weekday)


def project(setting: Setting, shop: Shop, planned: Sequence[Planned] = ()) -> Projection:
    """The forecasts of a store, of all products that it sold in the quarter."""
    known = known_at(shop.sold, setting.chain, 0, setting.retail.known_weeks)
    products = shop.sold.products[known.places]
    there = np.searchsorted(setting.chain.products, products)
    categories = setting.chain.category[there]
    mean = four_weeks(setting.learnt, known)[:, None] * _by_season(setting, shop, categories)
    dispersion = spread.dispersion_of(mean.sum(axis=1), setting.learnt.dispersions)
    if planned:
        discounted = Discounted(products, categories, setting.usual[there], setting.effects[categories])
        mean = mean * factors(discounted, planned, HORIZON)
    low, high = _by_day(mean, dispersion, known.unit)
    daily = spread.daily_dispersion(mean[:, :WEEK_DAYS].sum(axis=1), dispersion, known.unit)
    return Projection(products, mean, low, high, known.unit, dispersion, daily)


def _by_season(setting: Setting, shop: Shop, categories: Integers) -> Floats:
    """The part of four weeks that each day has, [n, 28]: by the store's week and by last year's weeks."""
    retail = setting.retail
    week = weekdays(shop.weekdays, retail.weekdays)
    by_day = week[(setting.first_weekday + np.arange(HORIZON)) % WEEK_DAYS] / HORIZON
    by_week = seasons(retail.sold, retail.categories, retail.known_weeks)[categories]
    found: Floats = by_day * np.repeat(by_week, WEEK_DAYS, axis=1)
    return found


def _by_day(mean: Floats, dispersion: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Intervals of days. A week's days mostly repeat, so each different mean of a product is worked out once."""
    shape = mean.shape
    rounded = np.round(mean, 6)
    rows = np.repeat(np.arange(shape[0]), shape[1])
    distinct, place = np.unique(np.column_stack([rows, rounded.ravel()]), axis=0, return_inverse=True)
    of_row = distinct[:, 0].astype(np.int64)
    low, high = spread.interval(distinct[:, 1].astype(np.float64), dispersion[of_row], unit[of_row])
    return low[place.ravel()].reshape(shape), high[place.ravel()].reshape(shape)
