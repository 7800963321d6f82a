"""What stores will sell of each product: by the forecast, or where there is none yet, by the mean of the last days.

Two queries, whatever the number of stores and products.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import connection

from transactions.decimals import QUANTITY_SCALE
from warehouse.demand.forecasts import latest
from warehouse.demand.models import HORIZON_DAYS
from warehouse.orders.windows import Ahead, Floats, ahead

# Four weeks: every weekday as often.
RECENT_DAYS = 28
# (store, product)
Place = tuple[int, int]

# Months tell cheaply what was sold at all; of that, the days are read. Squares are of whole units.
RECENT = f"""
    WITH asked AS (
        SELECT DISTINCT store, product FROM warehouse_soldmonth AS months
        WHERE store = ANY(%(stores)s) AND month >= date_trunc('month', %(first)s::date)
          AND NOT EXISTS (SELECT FROM warehouse_forecast AS known
                          WHERE known.store = months.store AND known.product = months.product)
    ), days AS (
        SELECT store, product, day, sum(quantity)::float8 / {QUANTITY_SCALE} AS quantity
        FROM asked JOIN warehouse_soldday AS sold USING (store, product)
        WHERE day BETWEEN %(first)s AND %(last)s
        GROUP BY store, product, day
    )
    SELECT store, product, sum(quantity), sum(quantity * quantity) FROM days GROUP BY store, product
"""  # noqa: S608 (only a number of this program is put in)


class Outlook(NamedTuple):
    """Places with what is expected there; `is_forecast` is false where the last RECENT_DAYS days stand in."""

    places: list[Place]
    ahead: Ahead
    is_forecast: npt.NDArray[np.bool_]


def outlook(store_ids: Collection[int], today: date, *, also: Collection[Place] = ()) -> Outlook:
    """All places of these stores where anything is expected or was sold lately, and the places of `also`."""
    known = latest(store_ids)
    recent = _recent(store_ids, today)
    places = [*known, *(place for place, _, _ in recent)]
    there = set(places)
    places += [place for place in also if place not in there]
    means = np.zeros((len(places), HORIZON_DAYS))
    unit, dispersion = np.ones(len(places)), np.zeros(len(places))
    passed = np.zeros(len(places), np.int64)
    if known:
        forecasts = list(known.values())
        means[: len(known)] = np.array([one.mean for one in forecasts])
        unit[: len(known)] = [one.unit for one in forecasts]
        dispersion[: len(known)] = [one.total_dispersion for one in forecasts]
        passed[: len(known)] = [(today - one.cutoff).days - 1 for one in forecasts]
    if recent:
        behind = slice(len(known), len(known) + len(recent))
        sums, squares = (np.array([row[place] for row in recent]) for place in (1, 2))
        means[behind], unit[behind], dispersion[behind] = _steady(sums, squares)
    found = ahead(means, unit=unit, dispersion=dispersion, passed=passed)
    return Outlook(places, found, np.arange(len(places)) < len(known))


def _recent(store_ids: Collection[int], today: date) -> list[tuple[Place, float, float]]:
    """Sums and sums of squares of days, in whole units, of what was sold lately and has no forecast."""
    days: dict[str, Any] = {"first": today - timedelta(days=RECENT_DAYS), "last": today - timedelta(days=1)}
    with connection.cursor() as cursor:
        cursor.execute(RECENT, {"stores": list(store_ids), **days})
        return [((store, product), *sums) for store, product, *sums in cursor.fetchall()]


def _steady(sums: Floats, squares: Floats) -> tuple[Floats, Floats, Floats]:
    """The same mean for every day, [n, 1], with the days' variance as it was.

    A mean of so many days is off by a part of that variance; how far it is off does not average out.
    """
    mean = np.clip(sums / RECENT_DAYS, 0.0, None)
    is_sold = mean > 0
    some = np.where(is_sold, mean, 1.0)
    unit = np.where(is_sold, np.clip(squares / RECENT_DAYS - mean * mean, mean, None) / some, 1.0)
    return mean[:, None], unit, np.where(is_sold, unit / (RECENT_DAYS * some), 0.0)
