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
from warehouse.orders.windows import Ahead, ahead

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
    dispersion, passed = np.zeros(len(places)), np.zeros(len(places), np.int64)
    if known:
        forecasts = list(known.values())
        means[: len(known)] = np.array([one.mean for one in forecasts])
        dispersion[: len(known)] = [one.dispersion for one in forecasts]
        passed[: len(known)] = [(today - one.cutoff).days - 1 for one in forecasts]
    if recent:
        sums, squares = (np.array([row[place] for row in recent]) for place in (1, 2))
        behind = slice(len(known), len(known) + len(recent))
        means[behind], dispersion[behind] = _steady(sums, squares)
    return Outlook(places, ahead(means, dispersion, passed), np.arange(len(places)) < len(known))


def _recent(store_ids: Collection[int], today: date) -> list[tuple[Place, float, float]]:
    """Sums and sums of squares of days, in whole units, of what was sold lately and has no forecast."""
    days: dict[str, Any] = {"first": today - timedelta(days=RECENT_DAYS), "last": today - timedelta(days=1)}
    with connection.cursor() as cursor:
        cursor.execute(RECENT, {"stores": list(store_ids), **days})
        return [((store, product), *sums) for store, product, *sums in cursor.fetchall()]


def _steady(
    sums: npt.NDArray[np.float64], squares: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The same mean for every day, [n, 1], and the dispersion that gives the variance of the days that were."""
    mean = np.clip(sums / RECENT_DAYS, 0.0, None)
    variance = np.clip(squares / RECENT_DAYS - mean * mean, 0.0, None)
    return mean[:, None], np.where(mean > 0, np.clip(variance - mean, 0.0, None) / np.maximum(mean * mean, 1e-12), 0.0)
