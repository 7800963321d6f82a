"""How good forecasts were, once their days are known: beside what the last week, repeated, would have said."""

from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from django.db.models import Max

from transactions.decimals import QUANTITY_SCALE
from warehouse.demand.classes import WEEKS as QUARTER_WEEKS
from warehouse.demand.classes import abc, xyz
from warehouse.demand.models import HORIZON_DAYS, Forecast, ForecastRun, ForecastScore, PastForecast
from warehouse.demand.series import daily_demand, read_shop
from warehouse.demand.weekly import WEEK_DAYS, Floats, Integers, places_of

HORIZONS = (WEEK_DAYS, HORIZON_DAYS)
# What was sold no more when it was scored, as a rebuild may find.
NO_CLASS = ""


class Errors(NamedTuple):
    """Of n products: sold, sums of absolute errors by day, and by how much too much was said."""

    actual: Floats
    error: Floats
    naive: Floats
    bias: Floats


def score_store(run: ForecastRun, store: int) -> int:
    """Scores what was kept of a store and has come true since; answers how many forecasts, by horizon, that was.

    What the newest forecast knows is known: also to an older one, made later.
    """
    newest = Forecast.objects.filter(store=store).aggregate(newest=Max("cutoff"))["newest"]
    known_to = max(run.cutoff, newest or run.cutoff)
    kept = PastForecast.objects.filter(store=store, cutoff__lte=known_to - timedelta(days=WEEK_DAYS))
    cutoffs = sorted(set(kept.values_list("cutoff", flat=True)))
    done = 0
    for cutoff in cutoffs:
        past = ForecastRun.objects.filter(retailer=run.retailer_id, cutoff=cutoff).first()
        for horizon in HORIZONS:
            if past is not None and cutoff + timedelta(days=horizon) <= known_to:
                done += _score(past, store, horizon)
    return done


def _score(past: ForecastRun, store: int, horizon: int) -> int:
    if ForecastScore.objects.filter(run=past, store=store, horizon_days=horizon).exists():
        return 0
    rows = list(
        PastForecast.objects.filter(store=store, cutoff=past.cutoff).order_by("product").values_list("product", "mean")
    )
    products = np.array([product for product, _ in rows], dtype=np.int64)
    mean = np.array([days[:horizon] for _, days in rows], dtype=np.float64)
    found = errors(mean, _sold(store, products, past.cutoff, horizon), _last_week(store, products, past.cutoff))
    letters = _classes(store, products, past.cutoff)
    places = defaultdict[str, list[int]](list)
    for place, name in enumerate(letters):
        places[name].append(place)
    ForecastScore.objects.bulk_create(
        ForecastScore(
            run=past,
            store=store,
            classes=name,
            horizon_days=horizon,
            series=len(of_class),
            actual=float(found.actual[of_class].sum()),
            error=float(found.error[of_class].sum()),
            naive_error=float(found.naive[of_class].sum()),
            bias=float(found.bias[of_class].sum()),
        )
        for name, of_class in sorted(places.items())
    )
    return 1


def _classes(store: int, products: Integers, cutoff: date) -> list[str]:
    """As they were on that evening: those of today know what was to be forecast."""
    known = read_shop(store, cutoff).sold
    quarter = known.quantity[:, :QUARTER_WEEKS][:, ::-1]
    brings = abc(np.rint(known.amount[:, :QUARTER_WEEKS].sum(axis=1)).astype(np.int64), known.products)
    letters = np.char.add(brings, xyz(np.rint(quarter * QUANTITY_SCALE).astype(np.int64)).letters)
    place = places_of(products, known.products)
    return [str(letters[at]) if at >= 0 else NO_CLASS for at in place.tolist()]


def errors(mean: Floats, sold: Floats, last_week: Floats) -> Errors:
    """`mean` and `sold` are [n, days], `last_week` [n, 7] is repeated."""
    repeats = -(-mean.shape[1] // WEEK_DAYS)
    naive = np.tile(last_week, (1, repeats))[:, : mean.shape[1]]
    return Errors(
        sold.sum(axis=1),
        np.abs(sold - mean).sum(axis=1),
        np.abs(sold - naive).sum(axis=1),
        (mean - sold).sum(axis=1),
    )


def _sold(store: int, products: Integers, cutoff: date, days: int) -> Floats:
    return _by_day(store, products, cutoff + timedelta(days=1), days)


def _last_week(store: int, products: Integers, cutoff: date) -> Floats:
    return _by_day(store, products, cutoff - timedelta(days=WEEK_DAYS - 1), WEEK_DAYS)


def _by_day(store: int, products: Integers, first: date, days: int) -> Floats:
    known, _, quantity = daily_demand(store, first, first + timedelta(days=days - 1))
    place = places_of(products, known)
    found: Floats = np.where(place[:, None] >= 0, quantity[np.maximum(place, 0)] if len(known) else 0.0, 0.0)
    return found if found.shape == (len(products), days) else np.zeros((len(products), days))
