"""From a retailer's sales before a cut-off to what is learnt of them. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from warehouse.demand.features import Chain, came_true, chain_at, known_at
from warehouse.demand.model import ROWS_MAX, Learnt, Lesson, learn, simple
from warehouse.demand.season import seasons
from warehouse.demand.weekly import ORIGINS, Floats, Integers, Weekly

# An origin that knows less of the past is like no cut-off that is forecast from.
WEEKS_BEFORE_ORIGIN = 8


class Retail(NamedTuple):
    """A retailer's sales before a cut-off: of all its stores, CHAIN_WEEKS; categories are numbers, one a product."""

    sold: Weekly
    categories: Integers
    weekdays: Floats  # Units by weekday, Monday first.
    known_weeks: int  # Since when it sells.


class Shop(NamedTuple):
    """A store's sales before a cut-off, STORE_WEEKS."""

    sold: Weekly
    weekdays: Floats


def origins_of(known_weeks: int) -> tuple[int, ...]:
    """The earlier cut-offs that there is enough past for."""
    return tuple(origin for origin in ORIGINS if known_weeks >= origin + WEEKS_BEFORE_ORIGIN)


def learn_retail(retail: Retail, shops: Iterable[Shop]) -> Learnt:
    """Reads shops until there are rows enough; so their order should be no order of anything."""
    chains = {
        origin: chain_at(retail.sold, retail.categories, origin, retail.known_weeks)
        for origin in origins_of(retail.known_weeks)
    }
    lessons, rows = list[Lesson](), 0
    for shop in shops:
        if rows >= ROWS_MAX or not chains:
            break
        for origin, chain in chains.items():
            lessons.append(_lesson(retail, chain, shop, origin))
            rows += len(lessons[-1].rows)
    return learn(lessons)


def _lesson(retail: Retail, chain: Chain, shop: Shop, origin: int) -> Lesson:
    known = known_at(shop.sold, chain, origin, retail.known_weeks)
    sold = came_true(shop.sold, known.places, origin)
    # What the season made of it is taken out, as it is put into the forecast afterwards.
    factor = seasons(retail.sold, retail.categories, retail.known_weeks, origin).mean(axis=1)
    products = shop.sold.products[known.places]
    category = chain.category[np.searchsorted(chain.products, products)]
    return Lesson(products, known.rows, simple(known), known.unit, sold / factor[category])
