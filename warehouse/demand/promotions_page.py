"""The page of planned promotions, and of what discounts did to sales so far."""

import math
from datetime import date, datetime
from typing import Any

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import WHOLE, Column, Kind, Panel, Row
from warehouse.demand.effects import UPLIFT_MAX
from warehouse.demand.models import ForecastRun, Promotion
from warehouse.demand.promotions import seen
from warehouse.demand.queries import newest_run
from warehouse.demand.runs import ALL_CATEGORIES
from warehouse.orders.paging import read_offset
from warehouse.stock.naming import called, names_of

DISCOUNTS = (10, 20, 30)
PERCENT = 100
# A category whose effect is nearer to the retailer's was not learnt by itself.
DIFFERS = 0.05
PLANNED = (
    Column("promotion", "Promotion", Kind.TEXT),
    Column("what", "Of what", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("first_day", "First day", Kind.DATE),
    Column("last_day", "Last day", Kind.DATE),
    Column("discount", "Discount, %", Kind.COUNT),
    Column("state", "State", Kind.TEXT),
)
EFFECTS = (
    Column("category", "Category", Kind.TEXT),
    *(Column(f"off_{off}", f"{off} % off", Kind.CHANGE) for off in DISCOUNTS),
)
EFFECTS_ARE = (
    "By how much more is sold when so much more is taken off than usual. Learnt every night from the last 26 weeks: of "
    "products that sell nearly every week, weeks with discounts are compared with other weeks of the same product. A "
    "category with few discounts follows the whole retailer; those that do are not listed."
)
FIRST = Hint(
    "No promotion is planned. Plan one, and forecasts and order suggestions count it from the coming night on.",
    "promotion",
    "Plan a promotion",
)


class PromotionsAsking(StoreAsking):
    """Of one store or all."""

    def clean_after(self) -> int:
        """Where the list goes on."""
        return read_offset(self.cleaned_data["after"])


def read_promotions(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Three queries, and the names."""
    limit, offset = asked["limit"], asked["after"]
    found = list(seen(scope.retailer_id, asked["stores"])[offset : offset + limit + 1])
    run = newest_run(scope.retailer_id)
    return Contents(
        panels=[_planned(scope, found[:limit], now.date()), _effects(run)],
        hints=() if found or offset else (FIRST,),
        after=str(offset + limit) if len(found) > limit else "",
    )


def _planned(scope: Scope, found: list[Promotion], today: date) -> Panel:
    names = names_of(scope.retailer_id, [one.product for one in found if one.product is not None])
    stores = {store.id: store.name for store in scope.stores}
    rows: list[Row] = [
        (
            one.name,
            one.category if one.product is None else called(names.get(one.product), one.product),
            "All stores" if one.store_id is None else stores[one.store_id],
            one.first_day,
            one.last_day,
            one.discount_percent,
            _state(one, today),
        )
        for one in found
    ]
    links = [f"take-back?promotion={one.pk}" if _may_go(scope, one, today) else "" for one in found]
    return Panel(
        key="promotions",
        title="Promotions",
        definition="Planned price cuts. One that is planned or runs can be taken back: open it.",
        columns=PLANNED,
        rows=rows,
        links=links,
        empty="No promotion was planned.",
    )


def _effects(run: ForecastRun | None) -> Panel:
    effects: dict[str, float] = run.effects if run else {}
    whole = effects.get(ALL_CATEGORIES, 0.0)
    rows: list[Row] = [
        (name or "All categories together", *(_more(effect, off) for off in DISCOUNTS))
        for name, effect in sorted(effects.items(), key=lambda one: (one[0] != ALL_CATEGORIES, one[0]))
        if name == ALL_CATEGORIES or abs(effect - whole) >= DIFFERS
    ]
    return Panel(
        key="effects",
        title="What discounts did",
        definition=EFFECTS_ARE,
        columns=EFFECTS,
        rows=rows,
        empty="Learnt with the first forecast.",
    )


def _more(effect: float, off: int) -> int:
    return round((min(math.exp(effect * off / PERCENT), UPLIFT_MAX) - 1) * WHOLE)


def _state(one: Promotion, today: date) -> str:
    if one.cancelled_at is not None:
        return "taken back"
    if one.last_day < today:
        return "over"
    return "runs" if one.first_day <= today else "planned"


def _may_go(scope: Scope, one: Promotion, today: date) -> bool:
    is_own = one.store_id is not None or scope.sees_all_stores
    return is_own and scope.may(Right.KEEP_STOCK) and _state(one, today) in {"planned", "runs"}


PROMOTIONS = Page(
    key="promotions",
    title="Promotions",
    lead="Planned price cuts, which forecasts count, and how past ones changed sales.",
    right=Right.SEE_STOCK,
    read=read_promotions,
    asks=PromotionsAsking,
    lists=(ListShape("promotions", PLANNED), ListShape("effects", EFFECTS)),
    actions=(Action("promotion", "Plan a promotion"),),
    tab="demand",
)
