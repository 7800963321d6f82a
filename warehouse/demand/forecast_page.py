"""The page of one product in one store: what was sold for twelve weeks and is expected for four, with its interval."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django import forms
from django.http import Http404

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import OneStoreAsking
from portal.sheets.pages import Action, Contents, ListShape, Page
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row
from transactions.decimals import QUANTITY_SCALE
from warehouse.demand import progress
from warehouse.demand.demand_page import promoted, quantity
from warehouse.demand.models import HORIZON_DAYS, Forecast, PastForecast
from warehouse.demand.queries import newest_run, promotions_ahead
from warehouse.demand.series import daily_demand
from warehouse.demand.spread import interval
from warehouse.demand.weekly import WEEK_DAYS, Floats
from warehouse.stock.movement_pages import PRODUCT_MAX
from warehouse.stock.naming import called, names_of

PAST_WEEKS = 12
PAST_DAYS = PAST_WEEKS * WEEK_DAYS
# Decimals that are shown of a day, which is often below a tenth.
DAY_PLACES = 2
COLUMNS = (
    Column("date", "Date", Kind.DATE),
    Column("actual", "Sold", Kind.QUANTITY),
    Column("expected", "Expected", Kind.QUANTITY),
    Column("low", "At least", Kind.QUANTITY),
    Column("high", "At most", Kind.QUANTITY),
)
WEEKS_ARE = (
    "Weeks that end with the last day that the forecast knows, by their first day: what was sold, less refunds, and "
    "what is expected of the next four. Of past weeks, what was expected is what the forecast said beforehand. In four "
    "of five cases, what is sold lies within the band."
)
DAYS_ARE = "The same by day. Days vary more than weeks, so the band is wider beside what is expected."


class ForecastAsking(OneStoreAsking):
    """A product in a store."""

    product = forms.IntegerField(min_value=1, max_value=PRODUCT_MAX, widget=forms.HiddenInput)


@dataclass(frozen=True)
class Said:
    """A forecast from a cut-off: mean by day, [28], and how it varies."""

    cutoff: date
    mean: Floats
    unit: float
    dispersion: float

    def of(self, first: date, days: int) -> tuple[float, float, float] | None:
        """What it expects of some days together, at least and at most; None where it does not say all of them."""
        at = (first - self.cutoff).days - 1
        if at < 0 or at + days > len(self.mean):
            return None
        mean = float(self.mean[at : at + days].sum())
        low, high = interval(*(np.array([one]) for one in (mean, self.dispersion, self.unit)))
        return mean, float(low[0]), float(high[0])


def read_forecast(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Seven queries."""
    store, product = asked["store"], asked["product"]
    known = names_of(scope.retailer_id, [product]).get(product)
    row = Forecast.objects.filter(store=store, product=product).first()
    if known is None and row is None:
        raise Http404
    name, category = called(known, product), known.category if known else ""
    if row is None:
        return Contents(title=name, panels=[_panel("weeks", "By week", WEEKS_ARE, [])])
    said = Said(row.cutoff, np.array(row.mean), row.unit, row.total_dispersion)
    first = row.cutoff - timedelta(days=PAST_DAYS - 1)
    sold = _sold(store, product, first, row.cutoff)
    earlier = _earlier(store, product, row.cutoff)
    planned = promoted(product, category, promotions_ahead(scope.retailer_id, [store], row.cutoff))
    return Contents(
        title=name,
        figures=_figures(said, sold),
        panels=[
            _panel("weeks", "By week", WEEKS_ARE, _rows(sold, first, (said, earlier), WEEK_DAYS)),
            _panel("days", "By day", DAYS_ARE, _rows(sold, first, (said, earlier), 1)),
        ],
        actions=(Action(f"promotion?of={product}&store={store}", "Plan a promotion"),),
        notes=(*progress.told(newest_run(scope.retailer_id), now), *([f"Planned: {planned}."] if planned else [])),
    )


def _sold(store: int, product: int, first: date, last: date) -> Floats:
    products, days, quantities = daily_demand(store, first, last, [product])
    return quantities[0] if len(products) else np.zeros(len(days))


def _earlier(store: int, product: int, cutoff: date) -> Said | None:
    """What was said about four weeks ago, where it was kept."""
    row = (
        PastForecast.objects.filter(store=store, product=product, cutoff__lte=cutoff - timedelta(days=WEEK_DAYS))
        .order_by("cutoff")
        .filter(cutoff__gt=cutoff - timedelta(days=HORIZON_DAYS + WEEK_DAYS))
        .first()
    )
    return Said(row.cutoff, np.array(row.mean), row.unit, row.total_dispersion) if row else None


def _rows(sold: Floats, first: date, forecasts: tuple[Said, Said | None], width: int) -> list[Row]:
    """Of every `width` days: the past, and behind it what is to come."""
    said, earlier = forecasts
    rows: list[Row] = []
    for at in range(0, PAST_DAYS + HORIZON_DAYS, width):
        day = first + timedelta(days=at)
        is_past = at < PAST_DAYS
        one = said if not is_past else earlier
        told = one.of(day, width) if one else None
        actual = round(float(sold[at : at + width].sum()) * QUANTITY_SCALE) if is_past else None
        rows.append((day, actual, *(_shown(told[place], width) if told else None for place in range(3))))
    return rows


def _shown(units: float, width: int) -> int:
    return quantity(units) if width > 1 else round(round(units, DAY_PLACES) * QUANTITY_SCALE)


def _panel(key: str, title: str, definition: str, rows: list[Row]) -> Panel:
    return Panel(
        key=key,
        title=title,
        definition=definition,
        columns=COLUMNS,
        rows=rows,
        chart=Chart.BAND,
        empty="There is no forecast of it: it was not sold in this store for 13 weeks, or there is none yet.",
    )


def _figures(said: Said, sold: Floats) -> list[Figure]:
    figures = []
    for days in (WEEK_DAYS, HORIZON_DAYS):
        mean, low, high = said.of(said.cutoff + timedelta(days=1), days) or (0.0, 0.0, 0.0)
        text = f"Expected behind {said.cutoff:%-d %B %Y}; in four of five cases between {low:,.0f} and {high:,.0f}."
        figures.append(Figure(f"next_{days}", f"Next {days} days", text, quantity(mean), Kind.QUANTITY))
    recent, before = (round(float(sold[part].sum()) * QUANTITY_SCALE) for part in (slice(-28, None), slice(-56, -28)))
    text = "Sold up to that day, less refunds, beside the 28 days before."
    return [*figures, Figure("last_28", "Last 28 days", text, recent, Kind.QUANTITY, before=before)]


FORECAST = Page(
    key="forecast",
    title="Forecast",
    lead="What was sold, and what is expected.",
    right=Right.SEE_STOCK,
    read=read_forecast,
    asks=ForecastAsking,
    lists=(ListShape("weeks", COLUMNS), ListShape("days", COLUMNS)),
    tab="demand",
)
