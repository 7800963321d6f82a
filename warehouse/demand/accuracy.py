"""How good past forecasts were, from the sums that were kept of them (ForecastScore)."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Sum

from warehouse.demand.models import HORIZON_DAYS, ForecastScore

# Forecasts of the last eight weeks; older ones say little about tonight's.
WEEKS = 8


class Score(NamedTuple):
    """Sums over forecasts of one kind; `name` is a class, a store or a cut-off."""

    name: Any
    series: int
    actual: float
    error: float
    naive_error: float
    bias: float


def scores(retailer_id: int, stores: Collection[int], horizon: int, today: date, *, by: str) -> list[Score]:
    """Added up by `classes`, `store` or `cutoff`, in their order. One query."""
    first = today - timedelta(days=WEEKS * 7 + HORIZON_DAYS)
    rows = (
        ForecastScore.objects.filter(
            run__retailer=retailer_id, run__cutoff__gte=first, store__in=list(stores), horizon_days=horizon
        )
        .annotate(cutoff=F("run__cutoff"))
        .values(by)
        .annotate(*(Sum(name, default=0) for name in ("series", "actual", "error", "naive_error", "bias")))
        .order_by(by)
    )
    return [Score(row[by], *(row[f"{name}__sum"] for name in Score._fields[1:])) for row in rows]


def total(found: Collection[Score]) -> Score:
    """All of them together."""
    sums = [sum(column) for column in zip(*(one[1:] for one in found), strict=True)]
    return Score("", *sums) if found else Score("", 0, 0.0, 0.0, 0.0, 0.0)
