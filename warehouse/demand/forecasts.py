"""The newest forecasts of stores, for whoever orders by them. One query."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from warehouse.demand.models import Forecast


class Forecasted(NamedTuple):
    """Whole units by day, from the one behind `cutoff` on; the variance of a day is mean + dispersion * mean^2.

    The variance of the total of any days is unit * mean + total_dispersion * mean^2.
    """

    mean: list[float]
    low: list[float]
    high: list[float]
    dispersion: float
    cutoff: date
    unit: float = 1.0
    total_dispersion: float = 0.0


def latest(store_ids: Collection[int], products: Collection[int] | None = None) -> dict[tuple[int, int], Forecasted]:
    """By store and product; what was not sold for a quarter has none."""
    rows = Forecast.objects.filter(store__in=list(store_ids))
    if products is not None:
        rows = rows.filter(product__in=list(products))
    fields = ("store", "product", "mean", "low", "high", "dispersion", "cutoff", "unit", "total_dispersion")
    return {(store, product): Forecasted(*rest) for store, product, *rest in rows.values_list(*fields)}
