"""The year of real baskets as sales by store, product and day, and what a cut-off knows of them.

Dollars paid for petrol without gallons are no quantity and are left out; gallons count as whole units.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from transactions.replay.rules import MILLI, Rule
from transactions.replay.source import DAY_S, load_year
from warehouse.demand.classes import DAYS, abc, xyz
from warehouse.demand.learning import Retail, Shop
from warehouse.demand.projecting import HORIZON
from warehouse.demand.weekly import CHAIN_WEEKS, STORE_WEEKS, WEEK_DAYS, Floats, Integers, places_of, weekly

YEAR_DAYS = 365
# The last day that is known, counted from 0: four times four weeks at the year's end are held out.
CUTOFFS = tuple(YEAR_DAYS - 1 - HORIZON * number for number in range(1, 5))
LEFT_OUT = (Rule.COUPON_SLIP, Rule.UNCOUNTED_FREE, Rule.PETROL_BY_AMOUNT)


@dataclass(frozen=True)
class Sales:
    """Rows ordered by store: product, day from 0, quantity, baskets, amount and discounts in cents."""

    stores: Integers
    products: Integers
    days: Integers
    values: tuple[Floats, Floats, Floats, Floats]
    names: Integers
    categories: Integers
    first_weekday: int

    @cached_property
    def starts(self) -> dict[int, slice]:
        """Where each store's rows are."""
        stores, first, count = np.unique(self.stores, return_index=True, return_counts=True)
        return {
            int(store): slice(int(at), int(at + many)) for store, at, many in zip(stores, first, count, strict=True)
        }

    @cached_property
    def mixed(self) -> list[int]:
        """All stores in an order that is none."""
        return sorted(self.starts, key=lambda store: store * 2_654_435_761 % 2**32)

    def sample(self, count: int) -> list[int]:
        """Stores spread evenly over the sizes of those that sell something nearly every day, largest first."""
        busy = sorted(self.starts, key=lambda store: self.starts[store].start - self.starts[store].stop)
        busy = [store for store in busy if self.starts[store].stop - self.starts[store].start >= YEAR_DAYS]
        count = min(count, len(busy))
        return [busy[place * len(busy) // count] for place in range(count)]

    def weekday(self, cutoff: int) -> int:
        """Of the day behind a cut-off; 0 is Monday."""
        return (self.first_weekday + cutoff + 1) % WEEK_DAYS

    def retail(self, cutoff: int) -> Retail:
        """All stores."""
        known = self.days <= cutoff
        sold = weekly(
            products=self.products[known],
            ago=cutoff - self.days[known],
            values=tuple(column[known] for column in self.values),  # type: ignore[arg-type]
            weeks=CHAIN_WEEKS,
        )
        categories = self.categories[places_of(sold.products, self.names)]
        return Retail(sold, categories, self._weekdays(known, cutoff), (cutoff + 1) // WEEK_DAYS)

    def shop(self, store: int, cutoff: int) -> Shop:
        """One store."""
        rows = self.starts[store]
        ago = cutoff - self.days[rows]
        values = tuple(column[rows] for column in self.values)
        sold = weekly(products=self.products[rows], ago=ago, values=values, weeks=STORE_WEEKS)  # type: ignore[arg-type]
        of_store = np.zeros(len(self.days), bool)
        of_store[rows] = ago >= 0
        return Shop(sold, self._weekdays(of_store, cutoff))

    def _weekdays(self, chosen: np.ndarray, cutoff: int) -> Floats:
        chosen = chosen & (self.days > cutoff - STORE_WEEKS * WEEK_DAYS)
        weekday = (self.first_weekday + self.days[chosen]) % WEEK_DAYS
        return np.bincount(weekday, weights=self.values[0][chosen], minlength=WEEK_DAYS).astype(float)

    def daily(self, store: int, cutoff: int, products: Integers, days: int = 26 * WEEK_DAYS) -> Floats:
        """What a store sold of products on the days up to a cut-off, [n, days]."""
        return self._by_day(store, products, cutoff - days + 1, days)

    def sold(self, store: int, cutoff: int, products: Integers) -> Floats:
        """What it sold behind the cut-off, [n, 28]."""
        return self._by_day(store, products, cutoff + 1, HORIZON)

    def classes(self, store: int, cutoff: int, products: Integers) -> np.ndarray:
        """Two letters each: of what the store sold in the quarter before the cut-off."""
        rows = self.starts[store]
        recent = (self.days[rows] <= cutoff) & (self.days[rows] > cutoff - DAYS)
        place = places_of(self.products[rows][recent], products)
        found = place >= 0
        revenue = np.bincount(place[found], weights=self.values[2][rows][recent][found], minlength=len(products))
        weeks = self.daily(store, cutoff, products, DAYS).reshape(len(products), -1, WEEK_DAYS).sum(axis=2)
        letters = abc(revenue.astype(np.int64), products)
        evenness = xyz(np.rint(weeks * 10_000).astype(np.int64)).letters
        return np.char.add(letters, evenness)

    def _by_day(self, store: int, products: Integers, first: int, count: int) -> Floats:
        rows = self.starts[store]
        day, place = self.days[rows] - first, places_of(self.products[rows], products)
        chosen = (day >= 0) & (day < count) & (place >= 0)
        cell = place[chosen] * count + day[chosen]
        found = np.bincount(cell, weights=self.values[0][rows][chosen], minlength=len(products) * count)
        return np.clip(found.reshape(len(products), count), 0.0, None)


def load_sales() -> Sales:
    """All stores. Raises SourceMissingError when the package with the baskets is not installed."""
    year = load_year()
    lines = np.diff(year.starts)
    day = np.repeat(year.wall_s // DAY_S, lines)
    quantity = np.where(year.rules == Rule.PETROL_BY_GALLON, year.quantities / MILLI, year.quantities)
    quantity = np.where(year.rules == Rule.UNCOUNTED_PAID, 1, quantity)
    kept = ~np.isin(year.rules, LEFT_OUT)
    store = np.repeat(year.stores, lines)
    order = np.argsort(store[kept], kind="stable")
    names = np.unique(year.products[kept])
    texts = [year.catalogue.product(int(product)).category for product in names]
    numbers = {text: place for place, text in enumerate(sorted(set(texts)))}
    columns = (quantity, np.ones(len(day)), year.values, year.discounts)
    return Sales(
        stores=store[kept][order],
        products=year.products[kept][order],
        days=(day - day.min())[kept][order],
        values=tuple(column[kept][order].astype(float) for column in columns),  # type: ignore[arg-type]
        names=names,
        categories=np.array([numbers[text] for text in texts]),
        # 1970-01-01 was a Thursday.
        first_weekday=int((day.min() + 3) % WEEK_DAYS),
    )
