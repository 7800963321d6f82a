"""On held-out weeks of a fixed sample of the real baskets, forecasts beat a week that is repeated, in every class."""

import numpy as np
import pytest

from benchmarks.forecast_error import MODEL, NAIVE, PERIODS, Sums, forecasts_at
from benchmarks.forecast_sales import CUTOFFS, Sales
from warehouse.demand.tests.baskets import sales

# The largest and eleven others; learnt from these alone, so that it takes seconds.
STORES = 12


def some(known: Sales) -> Sales:
    """The sample as a retailer of its own."""
    chosen = np.isin(known.stores, known.sample(STORES))
    return Sales(
        known.stores[chosen],
        known.products[chosen],
        known.days[chosen],
        tuple(column[chosen] for column in known.values),  # type: ignore[arg-type]
        known.names,
        known.categories,
        known.first_weekday,
    )


@pytest.fixture(scope="module")
def sums() -> Sums:
    known, found = some(sales()), Sums()
    for said in forecasts_at(known, CUTOFFS[0], known.sample(STORES)):
        found.add(said)
    return found


def test_it_beats_last_week_repeated_in_every_class(sums: Sums) -> None:
    assert {"all", "A", "B", "C", "X", "Y", "Z"} == set(sums.sold)
    for name in sums.sold:
        for period in PERIODS:
            assert sums.wape(name, MODEL, period) < sums.wape(name, NAIVE, period), (name, period)
    assert sums.wape("all", MODEL, "4 weeks") < 0.6 * sums.wape("all", NAIVE, "4 weeks")


def test_it_says_neither_too_much_nor_too_little(sums: Sums) -> None:
    assert abs(sums.bias("all", MODEL)) < 0.15
    assert abs(sums.bias("A", MODEL)) < 0.15


def test_intervals_hold_at_least_what_they_promise(sums: Sums) -> None:
    for (size, period), (held, count) in sums.held.items():
        if count >= 100:
            assert held / count > 0.75, (size, period)
    held, count = sums.held["3-10", "4 weeks"]
    assert held / count < 0.97
