"""Choosing what a replay sends: which baskets, moved to when, in order of time."""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from transactions.replay.source import Year, moved


class Selection(NamedTuple):
    """Baskets as places in the year, and each one's wall-clock seconds at its store, in order of time."""

    baskets: list[int]
    wall_s: list[int]


def select(year: Year, *, now: datetime, baskets: int | None = None, stores: int | None = None) -> Selection:
    """The last `baskets` of the moved year (all without), of the `stores` busiest stores (all without)."""
    wall_s = moved(year.wall_s, now)
    order = np.lexsort((year.numbers, wall_s))
    if stores is not None:
        ids, traffic = np.unique(year.stores, return_counts=True)
        busiest = ids[np.lexsort((ids, -traffic))][:stores]
        order = order[np.isin(year.stores[order], busiest)]
    if baskets is not None:
        order = order[max(0, len(order) - baskets) :]
    return Selection(order.tolist(), wall_s[order].tolist())
