"""Sums of item lines: by product and by category; a block's lines at once, by sorting their columns."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics.rolling.sums import CATEGORY_DAY, PRODUCT_DAY, PRODUCT_MONTH
from ledger.block_facts import EPOCH_ORDINAL, SALE, BlockFacts, day_of
from ledger.sums import Columns, Shape

Integers = npt.NDArray[np.int64]
# Sums stay below what 64 bits hold; larger ones, which no honest sale has, are added up in Python's own integers.
SUM_MAX = 2**62


class LineSums:
    """The item lines of a block as columns, ready to be grouped."""

    def __init__(self, block: BlockFacts) -> None:
        counts = np.array([one.lines for one in block.sales], dtype=np.int64)
        self.sales = np.repeat(np.arange(len(counts)), counts)
        self.stores = np.repeat(np.array([one.store for one in block.sales], dtype=np.int64), counts)
        self.days = np.repeat(np.array([one.day for one in block.sales], dtype=np.int64), counts)
        is_sale = np.repeat(np.array([one.kind == SALE for one in block.sales], dtype=np.int64), counts)
        self.currencies, currency = _numbered([one.sale.currency for one in block.sales])
        self.currency = np.repeat(currency, counts)
        items = block.items
        self.products = np.array(items.products, dtype=np.int64)
        self.categories, self.category = _numbered([line.category or "" for line in items.lines])
        # A line's discount counts in sales only, and so does the basket that holds it.
        self.values = (
            np.array(items.quantities, dtype=np.int64),
            np.array(items.amounts, dtype=np.int64),
            np.array(items.discounts, dtype=np.int64) * is_sale,
        )
        self.is_sale = is_sale

    def product_days(self, shape: Shape = PRODUCT_DAY) -> Columns:
        """Each product in a store on a day; in other shapes, somebody else stands in the store's place."""
        return self._columns(shape, self.days, self.products)

    def product_months(self, shape: Shape = PRODUCT_MONTH) -> Columns:
        """The same by month, which is named by its first day."""
        distinct, place = np.unique(self.days, return_inverse=True)
        firsts = np.array([_month_of(day) for day in distinct.tolist()], dtype=np.int64)
        return self._columns(shape, firsts[place], self.products)

    def category_days(self, shape: Shape = CATEGORY_DAY) -> Columns:
        """Each category in a store on a day; lines without one have the empty category."""
        made = self._columns(shape, self.days, self.category)
        return {**made, "category": [self.categories[place] for place in made["category"]]}

    def _columns(self, shape: Shape, days: Integers, what: Integers) -> Columns:
        keys, sums = self._grouped(days, what)
        columns: list[Integers | list[str]] = [*keys, *sums]
        columns[3] = [self.currencies[place] for place in keys[3].tolist()]
        return dict(zip(shape.columns, columns, strict=True))

    def _grouped(self, days: Integers, what: Integers) -> tuple[tuple[Integers, ...], list[Integers]]:
        """By store, day, what and currency: the keys, and the sums with the baskets behind them."""
        if not len(what):
            return (what,) * 4, [what] * 4
        keys = (self.stores, days, what, self.currency)
        order = np.lexsort((self.sales, *reversed(keys)))
        ordered = [key[order] for key in keys]
        is_first = np.ones(len(order), dtype=bool)
        is_first[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in ordered])
        starts = np.flatnonzero(is_first)
        # A basket counts once, however many of its lines hold the product.
        sales = self.sales[order]
        is_first[1:] |= sales[1:] != sales[:-1]
        baskets = np.where(is_first, self.is_sale[order], 0)
        columns = (*[values[order] for values in self.values], baskets)
        sums = [np.add.reduceat(_addable(values), starts) for values in columns]
        return tuple(key[starts] for key in ordered), sums


def _numbered(texts: Sequence[str]) -> tuple[list[str], Integers]:
    """The different texts, and for each its place among them."""
    places: dict[str, int] = {}
    numbers = [places.setdefault(text, len(places)) for text in texts]
    return list(places), np.array(numbers, dtype=np.int64)


def _addable(values: Integers) -> npt.NDArray[np.int64]:
    """The values so that no sum of them can overflow."""
    largest = max(abs(int(values.max())), abs(int(values.min())))
    return values if largest * len(values) < SUM_MAX else values.astype(object)


def _month_of(day: int) -> int:
    return day_of(day).replace(day=1).toordinal() - EPOCH_ORDINAL
