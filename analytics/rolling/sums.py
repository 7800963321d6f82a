"""What a table of sums holds, and how two parts of it become one: exactly, in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Key = tuple[int | str, ...]
# The values of a row: the sums, then the smallest, then the largest ones, in a shape's order.
Rows = dict[Key, list[int]]
# The same by the names of the columns.
Columns = dict[str, npt.NDArray[np.int64] | Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Shape:
    """The columns of a table of sums. `model` is the name of the model whose table it is."""

    model: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    least: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in the order of a key and its row."""
        return self.keys + self.sums + self.least + self.greatest


TAKINGS = (
    "sales",
    "refunds",
    "voids",
    "gross",
    "refunded",
    "voided",
    "tax",
    "discounts",
    "discounted",
    "lines",
    "offline",
    "late",
)
STORE_HOUR = Shape("StoreHour", keys=("store", "day", "hour", "currency"), sums=TAKINGS)
STORE_DAY = Shape("StoreDay", keys=("store", "day", "currency"), sums=TAKINGS)
# A terminal stays in its store; of two, the larger number would be certain in any order.
TERMINAL_DAY = Shape(
    "TerminalDay",
    keys=("terminal", "day", "currency"),
    sums=("sales", "refunds", "voids", "amount", "offline", "late"),
    least=("first_issued_at", "first_sequence"),
    greatest=("last_issued_at", "last_sequence", "store"),
)
TERMINAL_HEALTH = Shape(
    "TerminalHealth",
    keys=("terminal",),
    sums=("records",),
    least=("first_issued_at", "first_sequence"),
    greatest=("last_issued_at", "last_sequence", "last_received_at", "store"),
)
TAX_DAY = Shape("TaxDay", keys=("store", "day", "code", "rate", "currency"), sums=("net", "tax"))
PAYMENT_DAY = Shape("PaymentDay", keys=("store", "day", "method", "currency"), sums=("payments", "amount"))
BASKET_DAY = Shape("BasketDay", keys=("store", "day", "lines", "currency"), sums=("sales", "amount"))

LINE_SUMS = ("quantity", "amount", "discounts", "baskets")
PRODUCT_DAY = Shape("ProductDay", keys=("store", "day", "product", "currency"), sums=LINE_SUMS)
PRODUCT_MONTH = Shape("ProductMonth", keys=("store", "month", "product", "currency"), sums=LINE_SUMS)
CATEGORY_DAY = Shape("CategoryDay", keys=("store", "day", "category", "currency"), sums=LINE_SUMS)


def _of_retailers(shape: Shape) -> Shape:
    """The same sums of whole retailers."""
    return Shape(f"Retailer{shape.model.removeprefix('Store')}", ("retailer", *shape.keys[1:]), shape.sums)


RETAILER_HOUR = _of_retailers(STORE_HOUR)
RETAILER_TAX_DAY = _of_retailers(TAX_DAY)
RETAILER_PAYMENT_DAY = _of_retailers(PAYMENT_DAY)
RETAILER_BASKET_DAY = _of_retailers(BASKET_DAY)
RETAILER_PRODUCT_DAY = _of_retailers(PRODUCT_DAY)
RETAILER_PRODUCT_MONTH = _of_retailers(PRODUCT_MONTH)
RETAILER_CATEGORY_DAY = _of_retailers(CATEGORY_DAY)

RETAILER_RECEIPTS = (RETAILER_HOUR, RETAILER_TAX_DAY, RETAILER_PAYMENT_DAY, RETAILER_BASKET_DAY)
RETAILER_LINES = (RETAILER_PRODUCT_DAY, RETAILER_PRODUCT_MONTH, RETAILER_CATEGORY_DAY)


def merged(shape: Shape, parts: Iterable[Rows]) -> Rows:
    """One part out of several: sums added, the smallest and the largest kept."""
    sums = len(shape.sums)
    least = sums + len(shape.least)
    made: Rows = {}
    for rows in parts:
        for key, row in rows.items():
            known = made.get(key)
            if known is None:
                made[key] = row.copy()
                continue
            for place, value in enumerate(row):
                if place < sums:
                    known[place] += value
                elif place < least:
                    known[place] = min(known[place], value)
                else:
                    known[place] = max(known[place], value)
    return made


def columns_of(shape: Shape, rows: Rows) -> Columns:
    """Rows as columns, ordered by their keys."""
    ordered = sorted(rows)
    if not ordered:
        return {}
    columns = [*zip(*ordered, strict=True), *zip(*[rows[key] for key in ordered], strict=True)]
    return dict(zip(shape.columns, columns, strict=True))
