"""Weekdays and seasons: how a store's week is divided, and what the coming weeks were like last year. Pure."""

import numpy as np

from warehouse.demand.weekly import HORIZON_WEEKS, WEEK_DAYS, Floats, Integers, Weekly

YEAR_WEEKS = 52
# What the coming weeks of last year are compared with.
BEFORE_WEEKS = 8
# So many units a week count like what the category did itself: a small category follows the retailer.
CATEGORY_UNITS = 100.0
RETAILER_UNITS = 500.0
# One year is one example: nothing is believed that makes a week four times as large, or a third.
SEASON_MIN, SEASON_MAX = 1 / 3, 4.0
# A store's own week counts fully when it has many times so many units.
WEEKDAY_UNITS = 200.0
# A day of the week on which a store is closed stays at nothing; below this part of a day it is closed.
CLOSED_BELOW = 0.005


def weekdays(store: Floats, retailer: Floats) -> Floats:
    """Parts of a store's week, Monday first, 7 on the whole: its own, drawn towards the retailer's.

    Both are units sold by weekday, float64[7]. A day on which the store never sells stays at 0.
    """
    usual = retailer / retailer.sum() if retailer.sum() > 0 else np.full(WEEK_DAYS, 1 / WEEK_DAYS)
    parts = (store + WEEKDAY_UNITS * usual) / (store.sum() + WEEKDAY_UNITS)
    if store.sum() > WEEKDAY_UNITS:
        parts = np.where(store < CLOSED_BELOW * store.sum(), 0.0, parts)
    found: Floats = WEEK_DAYS * parts / parts.sum()
    return found


def seasons(sold: Weekly, categories: Integers, known_weeks: int, origin: int = 0) -> Floats:
    """Factors of the next four weeks by category, [categories, 4]; 1 without a year and eight weeks behind the origin.

    Last year's same week against the eight weeks before these four, drawn towards the retailer's, and that towards 1.
    """
    count = int(categories.max(initial=-1)) + 1
    first = origin + YEAR_WEEKS
    if known_weeks < first + BEFORE_WEEKS or sold.weeks < first + BEFORE_WEEKS:
        return np.ones((count, HORIZON_WEEKS))
    by_category = np.zeros((count, sold.weeks))
    np.add.at(by_category, categories, sold.quantity)
    before = by_category[:, first : first + BEFORE_WEEKS].mean(axis=1)
    # The week after the origin is the last of the four columns, which count back.
    then = by_category[:, first - HORIZON_WEEKS : first][:, ::-1]
    whole = (then.sum(axis=0) + RETAILER_UNITS) / (before.sum() + RETAILER_UNITS)
    found = (then + CATEGORY_UNITS * whole) / (before + CATEGORY_UNITS)[:, None]
    clipped: Floats = np.clip(found, SEASON_MIN, SEASON_MAX)
    return clipped
