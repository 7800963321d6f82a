"""The rule that tells a store's kind from what it sold: a category that stands out, and a size. Pure.

The registry does not know what a store is. So a store is of the kind "mostly X" when one category X brings at least a
third of its revenue, else "many categories"; what staff chose comes before both. With that goes a class of size, by
sales a week, whose bounds are fixed numbers: quartiles would move whenever stores come or go, and others could move a
store.
"""

from typing import NamedTuple

from portal.sheets.panels import share

# Below, no category says what a store is: a supermarket's largest has a tenth.
MAIN_SHARE_MIN = 3333
# Sales a week at which a class begins: three a decade hold kiosk and supermarket apart, and enough stores together.
SIZES = (0, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


class StoreMix(NamedTuple):
    """What a store sold in the weeks that tell its kind; amounts in minor units of its currency."""

    store: int
    retailer: int
    currency: str
    sales: int
    category: str
    amount: int
    whole: int
    chosen: str


class StoreKind(NamedTuple):
    """A store's kind, and how it was found; `share` in hundredths of a per cent."""

    kind: str
    category: str
    share: int
    sales_per_week: int
    is_chosen: bool


def kind_of(mix: StoreMix, weeks: int) -> StoreKind:
    """The kind of a store from its mix of so many weeks."""
    part = (share(mix.amount, mix.whole) or 0) if mix.whole > 0 else 0
    per_week = mix.sales // weeks
    if mix.chosen:
        name = mix.chosen
    elif part >= MAIN_SHARE_MIN:
        name = f"mostly {mix.category or 'goods without a category'}"
    else:
        name = "many categories"
    return StoreKind(f"{name}, {size_of(per_week)}", mix.category, part, per_week, bool(mix.chosen))


def size_of(sales_per_week: int) -> str:
    """The class of size in words: `10 to 29 sales a week`."""
    place = max(place for place, begin in enumerate(SIZES) if begin <= sales_per_week)
    if place == len(SIZES) - 1:
        return f"{SIZES[place]:,} sales a week or more"
    return f"{SIZES[place]:,} to {SIZES[place + 1] - 1:,} sales a week"
