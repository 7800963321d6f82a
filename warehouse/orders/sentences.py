"""Why so much is to be ordered, as a sentence for people. Pure."""

from datetime import date
from typing import NamedTuple

from transactions.decimals import QUANTITY_SCALE
from warehouse.orders.quantities import Ordered

# Beyond a week, a weekday alone does not say which.
WEEKDAY_WITHIN_DAYS = 7
DECIMALS_MAX = 3


class Facts(NamedTuple):
    """What a suggestion rests on; quantities in ten-thousandths."""

    on_hand: int
    on_order: int
    expected: int
    safe: int
    pack: int
    ordered: Ordered
    is_forecast: bool


def why(facts: Facts, until: date, today: date) -> str:
    """`14 left, 21 expected until the next delivery on Friday, 30 to be safe; order 2 packs of 12`."""
    left = f"{units(facts.on_hand)} left" if facts.on_hand >= 0 else f"stock says {units(facts.on_hand)}: count it"
    if facts.on_order > 0:
        left += f", {units(facts.on_order)} on order"
    need = f"{rounded(facts.expected)} expected until the next delivery on {_day(until, today)}"
    if not facts.is_forecast:
        need += " (by the last 28 days, there is no forecast yet)"
    if rounded(facts.safe) != rounded(facts.expected):
        need += f", {rounded(facts.safe)} to be safe"
    return f"{left}, {need}; {_order(facts)}"


def units(quantity: int) -> str:
    """A quantity as people write it: `12`, `0.5`."""
    sign = "−" if quantity < 0 else ""
    whole, part = divmod(abs(quantity), QUANTITY_SCALE)
    decimals = f"{part * 10**DECIMALS_MAX // QUANTITY_SCALE:0{DECIMALS_MAX}}".rstrip("0")
    return f"{sign}{whole:,}.{decimals}" if decimals else f"{sign}{whole:,}"


def rounded(quantity: int) -> str:
    """An estimate: whole units from 10 on, one decimal below."""
    step = QUANTITY_SCALE if quantity >= 10 * QUANTITY_SCALE else QUANTITY_SCALE // 10
    return units((quantity + step // 2) // step * step)


def _order(facts: Facts) -> str:
    quantity, packs = facts.ordered
    if not packs:
        return "order nothing"
    if facts.pack == QUANTITY_SCALE:
        return f"order {units(quantity)}"
    return f"order {packs:,} pack{'' if packs == 1 else 's'} of {units(facts.pack)}"


def _day(day: date, today: date) -> str:
    return f"{day:%A}" if (day - today).days < WEEKDAY_WITHIN_DAYS else f"{day:%A %-d %B}"
