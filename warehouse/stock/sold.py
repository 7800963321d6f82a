"""What a block's item lines add to SoldDay and SoldMonth: all lines at once, by sorting their columns. Pure.

By store, product, day (or month) and currency: quantities, amounts as printed and without tax with their sign, so that
refunds and voids take back what they give back; discounts and baskets of sales only.
"""

from collections.abc import Sequence

import numpy as np

from ledger.block_facts import EPOCH_ORDINAL, SALE, BlockFacts, day_of
from ledger.sums import Columns, Shape
from warehouse.stock.net import Integers, nets

SUMS = ("quantity", "amount", "net", "discounts", "baskets")
SOLD_DAY = Shape("warehouse.SoldDay", keys=("store", "product", "day", "currency"), sums=SUMS)
SOLD_MONTH = Shape("warehouse.SoldMonth", keys=("store", "product", "month", "currency"), sums=SUMS)
# Sums stay below what 64 bits hold; larger ones, which no honest sale has, are added up in Python's own integers.
SUM_MAX = 2**62


class SoldLines:
    """A block's item lines as columns, ready to be grouped."""

    def __init__(self, block: BlockFacts) -> None:
        sales, items = block.sales, block.items
        counts = [one.lines for one in sales]
        of_lines = np.array(counts, dtype=np.int64)
        self._sales = np.repeat(np.arange(len(sales)), of_lines)
        self._stores = np.repeat(np.array([one.store for one in sales], dtype=np.int64), of_lines)
        self._days = np.repeat(np.array([one.day for one in sales], dtype=np.int64), of_lines)
        self._is_sale = np.repeat(np.array([one.kind == SALE for one in sales], dtype=np.int64), of_lines)
        self._names, numbers = _numbered([one.sale.currency for one in sales])
        self._currencies = np.repeat(numbers, of_lines)
        self._products = np.array(items.products, dtype=np.int64)
        amounts = np.array(items.amounts, dtype=np.int64)
        self._values = (
            np.array(items.quantities, dtype=np.int64),
            amounts,
            nets([one.sale for one in sales], counts, items.lines, amounts),
            np.array(items.discounts, dtype=np.int64) * self._is_sale,
        )

    def days(self) -> Columns:
        """The rows of SoldDay, ordered by their keys."""
        return self._columns(SOLD_DAY, self._days)

    def months(self) -> Columns:
        """The same by month, which is named by its first day."""
        distinct, place = np.unique(self._days, return_inverse=True)
        firsts = np.array([_month_of(day) for day in distinct.tolist()], dtype=np.int64)
        return self._columns(SOLD_MONTH, firsts[place] if len(distinct) else self._days)

    def _columns(self, shape: Shape, days: Integers) -> Columns:
        if not len(days):
            return {}
        keys = (self._stores, self._products, days, self._currencies)
        # A product that stands on several lines of a sale has them side by side, since the sale comes last.
        order = np.lexsort((self._sales, *reversed(keys)))
        ordered = [key[order] for key in keys]
        is_first = np.ones(len(order), dtype=bool)
        is_first[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in ordered])
        starts = np.flatnonzero(is_first)
        sales = self._sales[order]
        is_first[1:] |= sales[1:] != sales[:-1]
        baskets = np.where(is_first, self._is_sale[order], 0)
        columns_added = (*(values[order] for values in self._values), baskets)
        sums = [np.add.reduceat(_addable(values), starts) for values in columns_added]
        currencies = [self._names[number] for number in ordered[3][starts].tolist()]
        columns: list[Integers | list[str]] = [*(key[starts] for key in ordered[:3]), currencies, *sums]
        return dict(zip(shape.columns, columns, strict=True))


def _numbered(texts: Sequence[str]) -> tuple[list[str], Integers]:
    """The different texts in order, and for each its place among them: so rows come ordered by their texts, too."""
    names = sorted(set(texts))
    places = {text: place for place, text in enumerate(names)}
    return names, np.array([places[text] for text in texts], dtype=np.int64)


def _addable(values: Integers) -> Integers:
    """The values so that no sum of them can overflow."""
    largest = max(abs(int(values.max())), abs(int(values.min())))
    return values if largest * len(values) < SUM_MAX else values.astype(object)


def _month_of(day: int) -> int:
    return day_of(day).replace(day=1).toordinal() - EPOCH_ORDINAL
