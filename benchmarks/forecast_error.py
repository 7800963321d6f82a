"""How well forecasts of real baskets come true, beside a seasonal-naive forecast and rivals.

    python -m benchmarks.forecast_error

Some minutes, one thread, no database. At each of four cut-offs, four weeks apart, the model learns what was sold before
(155,848 baskets of 457 stores) and forecasts the next 28 days of every product that a sample of stores sold in a
quarter. Printed per class: WAPE = sum of |sold - forecast| / sum of sold, by day, by week and over the four weeks; bias
= sum of forecasts / sum of sold - 1; and how many 80 % intervals hold what was sold. A forecast of nothing has a WAPE
of 1.

The exit code is 1 when the model does not beat seasonal-naive in every class and measure.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.forecast_rivals import RIVALS
from benchmarks.forecast_sales import CUTOFFS, Sales, load_sales
from warehouse.demand import spread
from warehouse.demand.effects import learn_effects
from warehouse.demand.learning import learn_retail
from warehouse.demand.projecting import HORIZON, Projection, project, setting_of
from warehouse.demand.weekly import HORIZON_WEEKS, WEEK_DAYS, Floats

MODEL, NAIVE = "boosted trees", "seasonal-naive"
PERIODS = ("day", "week", "4 weeks")
STORES = 60


class Said(NamedTuple):
    """What a method said of n products of a store, and what was sold, [n, 28]."""

    classes: np.ndarray
    sold: Floats
    forecasts: dict[str, Floats]
    projection: Projection


class Sums:
    """Sums of errors by class and method."""

    def __init__(self) -> None:
        self.sold: defaultdict[str, float] = defaultdict(float)
        self.said: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.errors: defaultdict[tuple[str, str, str], float] = defaultdict(float)
        self.held: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.series: defaultdict[str, int] = defaultdict(int)

    def add(self, one: Said) -> None:
        """Adds a store's products, each to its classes and to all."""
        for name in ("all", *sorted(set("".join(one.classes.tolist())))):
            chosen = np.array([name == "all" or name in classes for classes in one.classes])
            sold = one.sold[chosen]
            self.sold[name] += float(sold.sum())
            self.series[name] += int(chosen.sum())
            for method, forecast in one.forecasts.items():
                self.said[name, method] += float(forecast[chosen].sum())
                for period, width in zip(PERIODS, (1, WEEK_DAYS, HORIZON), strict=True):
                    error = np.abs(_by(sold, width) - _by(forecast[chosen], width)).sum()
                    self.errors[name, method, period] += float(error)
        self._hold(one)

    def _hold(self, one: Said) -> None:
        """Intervals of days, weeks and four weeks, by how much is expected in four weeks."""
        expected = one.projection.mean.sum(axis=1)
        size = np.digitize(expected, (0.3, 1.0, 3.0, 10.0))
        for period, width in zip(PERIODS, (1, WEEK_DAYS, HORIZON), strict=True):
            mean = _by(one.projection.mean, width)
            low, high = spread.interval(
                mean, one.projection.dispersion[:, None] + 0 * mean, one.projection.unit[:, None] + 0 * mean
            )
            sold = _by(one.sold, width)
            holds = (sold >= low - 1e-9) & (sold <= high + 1e-9)
            for place, name in enumerate(("< 0.3", "0.3-1", "1-3", "3-10", "10+")):
                held = self.held[name, period]
                held[0] += int(holds[size == place].sum())
                held[1] += holds[size == place].size

    def wape(self, name: str, method: str, period: str) -> float:
        """The sum of errors by what was sold."""
        return self.errors[name, method, period] / max(self.sold[name], 1e-9)

    def bias(self, name: str, method: str) -> float:
        """By how much too much was said."""
        return self.said[name, method] / max(self.sold[name], 1e-9) - 1


def main() -> int:
    """Measures and prints; 1 when seasonal-naive is better somewhere."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast_error", description=__doc__)
    parser.add_argument("--stores", type=int, default=STORES, help=f"stores forecast (default: {STORES})")
    parser.add_argument("--cutoffs", type=int, default=len(CUTOFFS), help="how many of the cut-offs")
    asked = parser.parse_args()
    sums = measure(load_sales(), asked.stores, CUTOFFS[: asked.cutoffs])
    show(sums)
    names = [name for name in sums.sold if sums.sold[name] > 0]
    return int(
        any(sums.wape(name, MODEL, period) >= sums.wape(name, NAIVE, period) for name in names for period in PERIODS)
    )


def measure(sales: Sales, stores: int, cutoffs: tuple[int, ...]) -> Sums:
    """All methods at all cut-offs."""
    sums = Sums()
    for cutoff in cutoffs:
        begun = time.perf_counter()
        for said in forecasts_at(sales, cutoff, sales.sample(stores)):
            sums.add(said)
        print(f"cut-off day {cutoff}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return sums


def forecasts_at(sales: Sales, cutoff: int, stores: list[int]) -> Iterator[Said]:
    """Learns from all stores what was sold before a cut-off, and forecasts some."""
    retail = sales.retail(cutoff)
    learnt = learn_retail(retail, (sales.shop(store, cutoff) for store in sales.mixed))
    effects = learn_effects(retail.sold, retail.categories)
    setting = setting_of(retail, learnt, effects.by_category, sales.weekday(cutoff))
    for store in stores:
        shop = sales.shop(store, cutoff)
        projection = project(setting, shop)
        if not len(projection.products):
            continue
        past = sales.daily(store, cutoff, projection.products)
        forecasts = {MODEL: projection.mean}
        for name, rival in RIVALS.items():
            forecasts[name] = rival(past)
        classes = sales.classes(store, cutoff, projection.products)
        yield Said(classes, sales.sold(store, cutoff, projection.products), forecasts, projection)


def show(sums: Sums) -> None:
    """The tables."""
    methods = [MODEL, *RIVALS]
    for period in PERIODS:
        print(f"\nWAPE by {period:8}" + "".join(f"{method:>18}" for method in methods))
        for name in sorted(sums.sold, key=lambda one: (one != "all", one)):
            row = "".join(f"{sums.wape(name, method, period):18.3f}" for method in methods)
            print(f"{name:>4} {sums.series[name]:10,}" + row)
    print("\nbias                 " + "".join(f"{method:>18}" for method in methods))
    for name in sorted(sums.sold, key=lambda one: (one != "all", one)):
        print(
            f"{name:>4} {sums.sold[name]:10,.0f}      " + "".join(f"{sums.bias(name, one):+18.3f}" for one in methods)
        )
    print("\n80 % intervals that hold, by expected units in four weeks")
    for (size, period), (held, count) in sorted(sums.held.items(), key=lambda one: one[0]):
        print(f"{size:>8} {period:8} {held / max(count, 1):6.3f} of {count:,}")


def _by(values: Floats, width: int) -> Floats:
    result: Floats = values.reshape(len(values), HORIZON_WEEKS * WEEK_DAYS // width, width).sum(axis=2)
    return result


if __name__ == "__main__":
    sys.exit(main())
