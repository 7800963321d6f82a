"""Dead stock: what is there and is not sold, or would last too long if it went on being sold as it is.

    idle     nothing sold for so many days, counted from when the product first came into the store if that is later
    slow     on hand for more than so many days at the rate that is expected

The number of queries is the same for any number of stores and products.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from transactions.decimals import QUANTITY_SCALE
from warehouse.orders.names import product_names
from warehouse.orders.outlook import Place, outlook
from warehouse.orders.terms import UNKNOWN, terms_of
from warehouse.orders.windows import days_left, take
from warehouse.stock.averaging import value
from warehouse.stock.costs import average_costs
from warehouse.stock.naming import Known
from warehouse.stock.on_hand import on_hand

DAYS = 60
# Both columns are read from the end of an index: so many look-ups, not so many rows.
LAST_SOLD = """
    SELECT place.store, place.product,
           (SELECT sold.day FROM warehouse_soldday AS sold
            WHERE sold.store = place.store AND sold.product = place.product AND sold.quantity > 0
            ORDER BY sold.day DESC LIMIT 1),
           (SELECT min(came.day) FROM warehouse_movement AS came
            WHERE came.store_id = place.store AND came.product = place.product)
    FROM unnest(%(stores)s::integer[], %(products)s::bigint[]) AS place (store, product)
"""


class Why(StrEnum):
    """What makes stock dead."""

    IDLE = "idle"
    SLOW = "slow"


class Since(NamedTuple):
    """When a product was sold last, and when it first came; None: never, or nobody wrote it down."""

    sold_on: date | None
    came_on: date | None


@dataclass(frozen=True, slots=True)
class DeadItem:
    """One product of a store: on hand in ten-thousandths, its value in minor units (None: cost not known).

    `days_left` is None where nothing is expected to be sold.
    """

    place: Place
    name: Known
    on_hand: int
    value: int | None
    sold_on: date | None
    idle_days: int
    days_left: int | None
    why: Why


def dead_stock(retailer_id: int, store_ids: Collection[int], today: date, *, days: int = DAYS) -> list[DeadItem]:
    """What is dead in these stores of a retailer, the most valuable first."""
    terms = terms_of(retailer_id)
    there = {
        place: quantity
        for place, quantity in on_hand(store_ids).items()
        if quantity > 0 and terms.get(place[1], UNKNOWN).is_tracked
    }
    lasts = _lasts(store_ids, there, today)
    found = {
        place: (since, reason)
        for place, since in _since(list(there)).items()
        if (reason := why(since, lasts[place], today, days)) is not None
    }
    names = product_names(retailer_id, {product for _, product in found})
    costs = average_costs({store for store, _ in found}, {product for _, product in found})
    items = [
        DeadItem(
            place=place,
            name=names[place[1]],
            on_hand=there[place],
            value=value(there[place], costs[place]) if place in costs else None,
            sold_on=since.sold_on,
            idle_days=idle_days(since, today),
            days_left=lasts[place],
            why=reason,
        )
        for place, (since, reason) in found.items()
    ]
    return sorted(items, key=lambda one: (-(one.value or 0), -one.on_hand, one.name.name, one.place))


def idle_days(since: Since, today: date) -> int:
    """Days since it was sold last, or since it came if that is later; 0 where neither is known."""
    known = [day for day in since if day is not None]
    return max((today - max(known)).days, 0) if known else 0


def why(since: Since, lasts: int | None, today: date, days: int) -> Why | None:
    """What makes a product in stock dead; None where nothing does."""
    if idle_days(since, today) >= days:
        return Why.IDLE
    return Why.SLOW if lasts is not None and lasts > days else None


def _lasts(store_ids: Collection[int], there: dict[Place, int], today: date) -> dict[Place, int | None]:
    """Days that each stock lasts."""
    ahead = outlook(store_ids, today, also=there)
    chosen = [at for at, place in enumerate(ahead.places) if place in there]
    places = [ahead.places[at] for at in chosen]
    quantities = np.array([there[place] for place in places], np.float64) / QUANTITY_SCALE
    days = days_left(take(ahead.ahead, np.array(chosen, np.int64)), quantities)
    return {place: count if count >= 0 else None for place, count in zip(places, days.tolist(), strict=True)}


def _since(places: Sequence[Place]) -> dict[Place, Since]:
    values: dict[str, Any] = {"stores": [store for store, _ in places], "products": [product for _, product in places]}
    with connection.cursor() as cursor:
        cursor.execute(LAST_SOLD, values)
        return {(store, product): Since(*days) for store, product, *days in cursor.fetchall()}
