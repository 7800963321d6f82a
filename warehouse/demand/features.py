"""What a cut-off knows of each product in a store, as numbers for a model. Pure; nothing behind the cut-off is read.

Of the store: what it sold in six windows, of the product, its category and in all. Of the retailer's other stores: the
same. Of the product: price, how much of it is discounted, when it was sold last, how many are bought at once.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from warehouse.demand.weekly import HORIZON_WEEKS, WINDOW_WEEKS, Floats, Integers, Weekly, places_of

WINDOWS = (1, 2, 4, 8, 13, WINDOW_WEEKS)
# Of a quarter.
QUARTER = 13
# Below this, a sum is nothing: keeps quotients finite.
NOTHING = 1e-9


class Chain(NamedTuple):
    """What a retailer's stores sold together, at an origin; all by product, in the order of `products`."""

    products: Integers
    sums: Floats  # [n, windows], a week
    window: Floats  # In the whole of the longest window.
    total: float  # Of all products, in the same.
    category: Integers
    category_quarter: Floats
    category_trend: Floats
    category_window: Floats  # [categories]
    price: Floats
    discount_share: Floats
    discount_share_lately: Floats
    unit: Floats
    since: Floats


class Known(NamedTuple):
    """Products that a store sold in the quarter: their places among the store's, and a row of features of each."""

    places: Integers
    rows: npt.NDArray[np.float32]
    window: Floats  # What the store sold in the quarter, a week.
    prior: Floats  # What it would have sold if it sold its share of what all stores did, a week.
    unit: Floats  # How many are bought at once.


def chain_at(sold: Weekly, categories: Integers, origin: int, known_weeks: int) -> Chain:
    """The retailer at an origin. `known_weeks`: since when it sells at all, counted back from week 0."""
    count = int(categories.max(initial=-1)) + 1
    by_week, amount, discounts = (
        column[:, origin : origin + WINDOW_WEEKS] for column in (sold.quantity, sold.amount, sold.discounts)
    )
    sums = _windows(sold.quantity, origin, known_weeks)
    window = by_week.sum(axis=1)
    quarter, month = (
        _added_up(sums[:, WINDOWS.index(weeks)], categories, count)[categories] for weeks in (QUARTER, HORIZON_WEEKS)
    )
    baskets = sold.baskets[:, origin : origin + WINDOW_WEEKS].sum(axis=1)
    return Chain(
        products=sold.products,
        sums=sums,
        window=window,
        total=float(window.sum()),
        category=categories,
        category_quarter=quarter,
        category_trend=(month + 0.1) / (quarter + 0.1),
        category_window=_added_up(window, categories, count),
        price=amount.sum(axis=1) / np.maximum(window, NOTHING),
        discount_share=_share(discounts, amount),
        discount_share_lately=_share(discounts[:, :2], amount[:, :2]),
        unit=np.where(baskets > 0, window / np.maximum(baskets, 1.0), 1.0),
        since=_since(by_week),
    )


def known_at(own: Weekly, chain: Chain, origin: int, known_weeks: int) -> Known:
    """The products of a store at an origin; `chain` is of the same origin."""
    by_week = own.quantity[:, origin : origin + WINDOW_WEEKS]
    of_chain = places_of(own.products, chain.products)
    places = np.flatnonzero((by_week[:, :QUARTER].sum(axis=1) > 0) & (of_chain >= 0))
    by_week, there = by_week[places], of_chain[places]
    sums = _windows(own.quantity[places], origin, known_weeks)
    window, category = by_week.sum(axis=1), chain.category[there]
    weeks = max(1, min(WINDOW_WEEKS, known_weeks - origin))
    own_category = _added_up(window, category, len(chain.category_window))
    prior = chain.window[there] * (window.sum() / max(chain.total, NOTHING)) / weeks
    category_share = own_category[category] / np.maximum(chain.category_window[category], NOTHING)
    unit = np.where(chain.unit[there] > 0, chain.unit[there], 1.0)
    columns = [
        *sums.T,
        *(chain.sums[there] - sums).T,
        np.full(len(places), sums[:, WINDOWS.index(HORIZON_WEEKS)].sum()),
        np.full(len(places), window.sum() / weeks),
        own_category[category] / weeks,
        chain.category_quarter[there],
        chain.category_trend[there],
        prior,
        chain.window[there] * category_share / weeks,
        (by_week > 0).sum(axis=1),
        (by_week[:, :8] > 0).sum(axis=1),
        _since(by_week),
        chain.since[there],
        chain.price[there],
        chain.discount_share[there],
        chain.discount_share_lately[there],
        unit,
    ]
    rows = np.column_stack(columns).astype(np.float32)
    return Known(places, rows, sums[:, WINDOWS.index(QUARTER)], prior, unit)


def came_true(own: Weekly, places: Integers, origin: int) -> Floats:
    """What was sold in the four weeks behind an origin: what the model is trained to say."""
    found: Floats = own.quantity[places, origin - HORIZON_WEEKS : origin].sum(axis=1)
    return found


def _windows(quantity: Floats, origin: int, known_weeks: int) -> Floats:
    """Means a week of each window, [n, windows]; of weeks before the first sale nothing is said."""
    known = max(1, known_weeks - origin)
    return np.column_stack([quantity[:, origin : origin + weeks].sum(axis=1) / min(weeks, known) for weeks in WINDOWS])


def _added_up(values: Floats, categories: Integers, count: int) -> Floats:
    return np.bincount(categories, weights=values, minlength=count).astype(np.float64)


def _share(discounts: Floats, amount: Floats) -> Floats:
    taken, paid = discounts.sum(axis=1), amount.sum(axis=1)
    return np.where(taken + paid > 0, taken / np.maximum(taken + paid, NOTHING), 0.0)


def _since(by_week: Floats) -> Floats:
    """Weeks since the last sale; those of the window where there was none."""
    is_sold = by_week > 0
    found: Floats = np.where(is_sold.any(axis=1), is_sold.argmax(axis=1), by_week.shape[1]).astype(np.float64)
    return found
