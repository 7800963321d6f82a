"""What to order now: for every store and product whose stock does not last until the next order's delivery.

An order sent today comes in `lead_days`, the next one `review_days` later. So

    the chance of running out    P(demand until today's order comes > on hand + what is on order and comes before)
    the quantity                 what is missing to the demand until the next order comes, exceeded in one of twenty
                                 cases (SERVICE_LEVEL), see warehouse/orders/quantities.py

Left out are products whose stock is not kept, and those that were never counted or delivered: nobody knows what is
there. The number of queries is the same for any number of stores and products.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from warehouse.orders.names import product_names
from warehouse.orders.needs import Needs, Shelves, needs
from warehouse.orders.open_orders import NONE, OnOrder, OpenLine, by_place, on_order, open_lines
from warehouse.orders.outlook import Outlook, Place, outlook
from warehouse.orders.quantities import Ordered, to_order
from warehouse.orders.sentences import Facts, why
from warehouse.orders.terms import UNKNOWN, ItemTerms, terms_of
from warehouse.orders.windows import take
from warehouse.stock.averaging import value
from warehouse.stock.costs import average_costs
from warehouse.stock.naming import Known
from warehouse.stock.on_hand import on_hand

SERVICE_LEVEL = 0.95
# Hundredths of a per cent in a whole.
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One product of a store; quantities in ten-thousandths, `chance` in hundredths of a per cent.

    A unit's cost is in ten-thousandths of a minor unit, the order's in minor units, both in the stock's currency.
    `expected` is the demand until today's order comes. Where nothing is expected, `days_left` is None.
    """

    place: Place
    name: Known
    terms: ItemTerms
    on_hand: int
    on_order: int
    expected: int
    days_left: int | None
    chance: int
    ordered: Ordered
    unit_cost: int | None
    is_forecast: bool
    arrives_on: date
    why: str

    @property
    def cost(self) -> int | None:
        """Of what is to be ordered; None where nobody said what a unit costs."""
        return None if self.unit_cost is None else value(self.ordered.quantity, self.unit_cost)


@dataclass(frozen=True, slots=True)
class Reorder:
    """The suggestions, by supplier (those without one last), the most urgent first; and how many had to be left out."""

    suggestions: list[Suggestion]
    uncounted: int  # Places where something is expected and nobody ever said what is there.
    unforecast: int  # Suggestions without a forecast.


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What is known of one place."""

    place: Place
    at: int  # In the outlook.
    is_forecast: bool
    terms: ItemTerms
    on_hand: int
    on_order: OnOrder


def suggestions(retailer_id: int, store_ids: Collection[int], today: date, *, level: float = SERVICE_LEVEL) -> Reorder:
    """What to order today for these stores of a retailer."""
    terms = terms_of(retailer_id)
    levels = on_hand(store_ids)
    kept = [place for place in levels if terms.get(place[1], UNKNOWN).sizes.shelf_minimum > 0]
    ahead = outlook(store_ids, today, also=kept)
    tracked = [(at, place) for at, place in enumerate(ahead.places) if terms.get(place[1], UNKNOWN).is_tracked]
    lines = by_place(open_lines(store_ids))
    shelves = [
        _Shelf(
            place=place,
            at=at,
            is_forecast=bool(ahead.is_forecast[at]),
            terms=(one := terms.get(place[1], UNKNOWN)),
            on_hand=levels[place],
            on_order=_coming(lines[place], one, today) if place in lines else NONE,
        )
        for at, place in tracked
        if place in levels
    ]
    found = _suggested(retailer_id, ahead, shelves, today, level)
    return Reorder(
        suggestions=sorted(found, key=_urgency),
        uncounted=len(tracked) - len(shelves),
        unforecast=sum(not one.is_forecast for one in found),
    )


def _coming(lines: Iterable[OpenLine], terms: ItemTerms, today: date) -> OnOrder:
    # What comes on the same day as today's order comes too late.
    return on_order(lines, today, today + timedelta(days=terms.lead_days - 1))


def _suggested(retailer_id: int, ahead: Outlook, shelves: list[_Shelf], today: date, level: float) -> list[Suggestion]:
    """The places of which something is to be ordered, or which run empty more often than they may."""
    found = _needs(ahead, shelves, level)
    orders = [
        to_order(
            expected=expected,
            safe=safe,
            on_hand=shelf.on_hand,
            on_order=shelf.on_order.quantity,
            terms=shelf.terms.sizes,
        )
        for shelf, expected, safe in zip(shelves, found.expected.tolist(), found.safe.tolist(), strict=True)
    ]
    shown = [number for number, one in enumerate(orders) if one.packs or found.chance[number] > 1 - level]
    shown_places = [shelves[number].place for number in shown]
    names = product_names(retailer_id, {product for _, product in shown_places})
    costs = average_costs({store for store, _ in shown_places}, {product for _, product in shown_places})
    return [
        _suggestion(
            shelf := shelves[number],
            orders[number],
            Needs(*(column[number] for column in found)),
            today=today,
            name=names[shelf.place[1]],
            unit_cost=costs.get(shelf.place),
        )
        for number in shown
    ]


def _needs(ahead: Outlook, shelves: list[_Shelf], level: float) -> Needs:
    columns = (
        [shelf.on_hand for shelf in shelves],
        [shelf.on_order.in_time for shelf in shelves],
        [shelf.terms.lead_days for shelf in shelves],
        [shelf.terms.review_days for shelf in shelves],
    )
    chosen = take(ahead.ahead, np.array([shelf.at for shelf in shelves], np.int64))
    return needs(chosen, Shelves(*(np.array(column, np.int64) for column in columns)), level)


def _suggestion(
    shelf: _Shelf, ordered: Ordered, need: Any, *, today: date, name: Known, unit_cost: int | None
) -> Suggestion:
    """`need` is Needs of this place alone."""
    facts = Facts(
        on_hand=shelf.on_hand,
        on_order=shelf.on_order.quantity,
        expected=int(need.expected),
        safe=int(need.safe),
        pack=shelf.terms.sizes.pack,
        ordered=ordered,
        is_forecast=shelf.is_forecast,
    )
    arrives_on = today + timedelta(days=shelf.terms.lead_days)
    return Suggestion(
        place=shelf.place,
        name=name,
        terms=shelf.terms,
        on_hand=shelf.on_hand,
        on_order=shelf.on_order.quantity,
        expected=int(need.soon),
        days_left=int(need.days_left) if need.days_left >= 0 else None,
        chance=round(float(need.chance) * WHOLE),
        ordered=ordered,
        unit_cost=unit_cost,
        is_forecast=shelf.is_forecast,
        arrives_on=arrives_on,
        why=why(facts, arrives_on + timedelta(days=shelf.terms.review_days), today),
    )


def _urgency(one: Suggestion) -> tuple[bool, str, int, str, Place]:
    return not one.terms.supplier, one.terms.supplier_name, -one.chance, one.name.name, one.place
