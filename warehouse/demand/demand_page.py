"""The page of what a store will sell: each product's next week and four weeks beside its last four."""

from datetime import date, datetime
from typing import Any

import numpy as np

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import OneStoreAsking, SearchAsking
from portal.sheets.pages import Action, Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row, change
from transactions.decimals import QUANTITY_SCALE
from warehouse.demand import progress
from warehouse.demand.models import HORIZON_DAYS, Promotion
from warehouse.demand.queries import (
    Expected,
    expected,
    first_sale,
    forecasts_of,
    newest_run,
    promotions_ahead,
    sold_lately,
)  # fmt: skip
from warehouse.demand.spread import interval
from warehouse.orders.paging import read_offset

COLUMNS = (
    Column("product", "Product", Kind.TEXT),
    Column("last_28", "Last 28 days", Kind.QUANTITY),
    Column("trend", "Against the 28 before", Kind.CHANGE),
    Column("next_7", "Next 7 days", Kind.QUANTITY),
    Column("next_28", "Next 28 days", Kind.QUANTITY),
    Column("low_28", "At least", Kind.QUANTITY),
    Column("high_28", "At most", Kind.QUANTITY),
    Column("promotion", "Promotion", Kind.TEXT),
    Column("category", "Category", Kind.TEXT),
    Column("class", "Class", Kind.TEXT),
)
DEFINITION = (
    "What is expected to be sold, beginning with the day behind the last one that the forecast knows, and what was "
    "sold, less refunds. In four of five cases, what is sold in the 28 days lies between “at least” and “at most”. "
    "Products that were not sold for 13 weeks have no forecast. The largest come first."
)
PRODUCTS_ARE = "Products of this store with a forecast: those that it sold in the last 13 weeks."


class DemandAsking(OneStoreAsking, SearchAsking):
    """One store, and a part of a product's name, its category or its number."""

    def clean_after(self) -> int:
        """Where the list goes on."""
        return read_offset(self.cleaned_data["after"])


def read_demand(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Six queries, whatever the number of products."""
    run = newest_run(scope.retailer_id)
    store, limit, offset = asked["store"], asked["limit"], asked["after"]
    cutoff, count = forecasts_of(store) if store else (None, 0)
    if cutoff is None:
        first = first_sale(scope.retailer_id) if run is None else None
        return Contents(panels=[_panel(store, [])], notes=progress.told(run, now), hints=progress.hints(run, first))
    found = expected(store, asked["search"], limit=limit + 1, offset=offset)
    shown = found[:limit]
    lately = sold_lately(store, [one.product for one in shown], cutoff)
    planned = promotions_ahead(scope.retailer_id, [store], cutoff)
    return Contents(
        panels=[_panel(store, _rows(shown, lately, planned))],
        figures=[_known_to(cutoff, now.date()), Figure("products", "Products", PRODUCTS_ARE, count, Kind.COUNT)],
        notes=progress.told(run, now),
        after=str(offset + limit) if len(found) > limit else "",
    )


def quantity(units: float) -> int:
    """Whole units in ten-thousandths, to a tenth: a forecast is no more exact than that."""
    return round(units * 10) * QUANTITY_SCALE // 10


def promoted(product: int, category: str, planned: list[Promotion]) -> str:
    """The promotions of a product, in words."""
    own = [one for one in planned if one.product == product or (one.product is None and one.category == category)]
    return ", ".join(f"{one.discount_percent} % off, {one.first_day:%-d %b} to {one.last_day:%-d %b}" for one in own)


def _rows(shown: list[Expected], lately: dict[int, tuple[int, int]], planned: list[Promotion]) -> list[tuple[int, Row]]:
    low, high = interval(*(np.array([getattr(one, name) for one in shown]) for name in ("month", "dispersion", "unit")))
    rows: list[tuple[int, Row]] = []
    for place, one in enumerate(shown):
        recent, before = lately.get(one.product, (0, 0))
        bounds = quantity(low[place]), quantity(high[place])
        sold = (recent, change(recent, before))
        tail = (promoted(one.product, one.category, planned), one.category, one.classes)
        rows.append((one.product, (one.name, *sold, quantity(one.week), quantity(one.month), *bounds, *tail)))
    return rows


def _panel(store: int | None, rows: list[tuple[int, Row]]) -> Panel:
    return Panel(
        key="demand",
        title="Expected sales",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=[row for _, row in rows],
        links=[f"forecast?store={store}&product={product}" for product, _ in rows],
        empty="There is no forecast of this store yet, or none of such a product.",
    )


def _known_to(cutoff: date, today: date) -> Figure:
    return Figure(
        "days_ahead",
        "Days ahead",
        f"The forecast knows sales up to {cutoff:%-d %B %Y} and says the {HORIZON_DAYS} days behind it; this many of "
        "them are still to come, today included.",
        max(0, HORIZON_DAYS - ((today - cutoff).days - 1)),
        Kind.COUNT,
    )


DEMAND = Page(
    key="demand",
    title="Demand",
    lead="What this store will sell in the next four weeks, by weekday, season and planned promotions.",
    right=Right.SEE_STOCK,
    read=read_demand,
    asks=DemandAsking,
    lists=(ListShape("demand", COLUMNS),),
    actions=(
        Action("promotion", "Plan a promotion"),
        Action("promotions", "Promotions"),
        Action("accuracy", "How good forecasts were"),
    ),
)
