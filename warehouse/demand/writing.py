"""Exchanges a store's forecasts, and keeps one of each week until its days are known."""

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max

from warehouse.demand.models import HORIZON_DAYS, Forecast, ForecastRun, PastForecast
from warehouse.demand.projecting import Projection

WEEK_DAYS = 7
# Behind the last day of a forecast: a week for late sales, and one for whoever looks at it.
KEPT_DAYS = HORIZON_DAYS + 2 * WEEK_DAYS
# Enough for a gram in a day; shorter rows.
DIGITS = 5

COPY = """COPY warehouse_forecast
    (store, product, retailer, cutoff, mean, low, high, dispersion, unit, total_dispersion) FROM STDIN"""
COPY_PAST = "COPY warehouse_pastforecast (store, cutoff, product, mean, unit, total_dispersion) FROM STDIN"


def replace_forecasts(run: ForecastRun, store: int, made: Projection) -> None:
    """In the caller's DB transaction. Forecasts of a later cut-off stay; then these are kept to be scored."""
    newest = Forecast.objects.filter(store=store).aggregate(newest=Max("cutoff"))["newest"]
    is_newer = newest is None or newest <= run.cutoff
    mean, low, high = (column.round(DIGITS).tolist() for column in (made.mean, made.low, made.high))
    units, totals, daily = (
        column.round(DIGITS).tolist() for column in (made.unit, made.dispersion, made.daily_dispersion)
    )
    products = made.products.tolist()
    with connection.cursor() as cursor:
        if is_newer:
            Forecast.objects.filter(store=store).delete()
            head = (run.retailer_id, run.cutoff)
            columns = zip(products, mean, low, high, daily, units, totals, strict=True)
            _copy(cursor, COPY, [(store, product, *head, *rest) for product, *rest in columns])
        if is_kept(run.cutoff) or not is_newer:
            PastForecast.objects.filter(store=store, cutoff=run.cutoff).delete()
            kept = zip(products, mean, units, totals, strict=True)
            _copy(cursor, COPY_PAST, [(store, run.cutoff, *rest) for rest in kept])
    PastForecast.objects.filter(store=store, cutoff__lt=run.cutoff - timedelta(days=KEPT_DAYS)).delete()


def is_kept(cutoff: date) -> bool:
    """Whether forecasts of this day are kept: those of Sundays, so that each is of whole weeks."""
    return cutoff.weekday() == WEEK_DAYS - 1


def _copy(cursor: Any, statement: str, rows: list[tuple[Any, ...]]) -> None:
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
