"""The page of how good forecasts were: held against what was sold, beside what the last week would have said."""

from datetime import datetime
from typing import Any

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Contents, Hint, ListShape, Page
from portal.sheets.panels import WHOLE, Column, Figure, Kind, Panel, Row
from transactions.decimals import QUANTITY_SCALE
from warehouse.demand import progress
from warehouse.demand.accuracy import Score, scores, total
from warehouse.demand.models import HORIZON_DAYS
from warehouse.demand.queries import first_sale, newest_run
from warehouse.demand.scoring import HORIZONS
from warehouse.demand.weekly import WEEK_DAYS

SUMS = (
    Column("series", "Forecasts", Kind.COUNT),
    Column("sold", "Sold", Kind.QUANTITY),
    Column("error", "Error (WAPE)", Kind.PERCENT),
    Column("naive_error", "Last week repeated", Kind.PERCENT),
    Column("bias", "Too much or too little", Kind.PERCENT),
)
CLASSES = (Column("class", "Class", Kind.TEXT), *SUMS)
CUTOFFS = (Column("cutoff", "Forecast from", Kind.DATE), *SUMS)
STORES = (Column("store", "Store", Kind.TEXT), *SUMS)
MEASURES = (
    "Forecasts are kept once a week and held against what was sold. The error is the sum of all differences between a "
    "day's forecast and what was sold on it, without their signs, in per cent of what was sold (WAPE). Of products "
    "that sell on few days, it is above 100 % for any forecast that is right on average, and 100 % for one that "
    "always says nothing: look at it beside that of the last week, repeated, and at whether too much or too little was "
    "expected in all. Classes are those of the 13 weeks before the forecast."
)


class AccuracyAsking(StoreAsking):
    """Over how many days, and where."""

    days = forms.TypedChoiceField(
        label="Days ahead", coerce=int, choices=[(str(days), f"The first {days} days") for days in HORIZONS]
    )

    def defaults(self) -> dict[str, Any]:
        """The whole forecast."""
        return {**super().defaults(), "days": HORIZON_DAYS}


def read_accuracy(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Five queries."""
    run = newest_run(scope.retailer_id)
    by_class, by_cutoff, by_store = (
        scores(scope.retailer_id, asked["stores"], asked["days"], now.date(), by=name)
        for name in ("classes", "cutoff", "store")
    )
    names = {store.id: store.name for store in scope.stores}
    panels = [
        Panel("classes", "By class", MEASURES, CLASSES, [_row(one.name or "none", one) for one in by_class]),
        Panel("cutoffs", "By forecast", "The same, by the last day that a forecast knew.", CUTOFFS,
              [_row(one.name, one) for one in by_cutoff]),
        Panel("stores", "By store", "The same, by store.", STORES, [_row(names[one.name], one) for one in by_store]),
    ]  # fmt: skip
    return Contents(
        panels=panels if by_class else [],
        figures=_figures(total(by_class)) if by_class else [],
        notes=progress.told(run, now),
        hints=() if by_class else _not_yet(scope, asked["days"], run is None),
    )


def _not_yet(scope: Scope, days: int, is_none: bool) -> tuple[Hint, ...]:
    if is_none:
        return progress.hints(None, first_sale(scope.retailer_id))
    text = (
        f"A forecast is kept every Sunday and held against what was sold {days} days later. None is so old yet"
        f"{'; the first week of one is known earlier' if days > WEEK_DAYS else ''}."
    )
    return (Hint(text, f"accuracy?days={WEEK_DAYS}" if days > WEEK_DAYS else "demand", "Look there"),)


def _row(name: Any, one: Score) -> Row:
    return name, one.series, round(one.actual * QUANTITY_SCALE), *_measures(one)


def _measures(one: Score) -> tuple[int | None, ...]:
    """In hundredths of a per cent of what was sold; None where nothing was."""
    if one.actual <= 0:
        return None, None, None
    return tuple(round(value / one.actual * WHOLE) for value in (one.error, one.naive_error, one.bias))


def _figures(one: Score) -> list[Figure]:
    error, naive, bias = _measures(one)
    return [
        Figure("error", "Error (WAPE)", MEASURES, error, Kind.PERCENT),
        Figure(
            "naive_error", "Last week repeated", "The error if every week were as the last one.", naive, Kind.PERCENT
        ),
        Figure(
            "bias", "Too much or too little", "All forecasts together beside all that was sold.", bias, Kind.PERCENT
        ),
    ]


ACCURACY = Page(
    key="accuracy",
    title="Forecast accuracy",
    lead="Past forecasts beside what was sold.",
    right=Right.SEE_STOCK,
    read=read_accuracy,
    asks=AccuracyAsking,
    lists=(ListShape("classes", CLASSES), ListShape("cutoffs", CUTOFFS), ListShape("stores", STORES)),
    tab="demand",
)
