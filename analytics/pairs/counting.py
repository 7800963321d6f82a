"""Counts pairs in baskets, some thousand baskets at a time, in memory that is bounded by the number of things. Pure.

Baskets are two arrays of one length: the basket's number, ascending, and the place of a thing that it holds. The work
is one step for each pair that is in a basket.
"""

from collections.abc import Iterator
from heapq import nsmallest
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.pairs.measures import PairCounts, least

Integers = npt.NDArray[np.int64]


class Held(NamedTuple):
    """What baskets hold, each thing once, ordered by basket and place."""

    baskets: Integers
    places: Integers


def held(baskets: Integers, places: Integers, size: int) -> Held:
    """Ordered, each thing of a basket once; places below 0 are left out, the others are below `size`."""
    kept = places >= 0
    codes = np.unique(baskets[kept] * size + places[kept])
    return Held(codes // size, codes % size)


def pairs_in(some: Held) -> Iterator[tuple[Integers, Integers]]:
    """The positions of the first and the second of every pair, by their distance within the basket."""
    first = np.arange(len(some.baskets))
    distance = 0
    while len(first):
        distance += 1
        first = first[first + distance < len(some.baskets)]
        first = first[some.baskets[first] == some.baskets[first + distance]]
        yield first, first + distance


class PairTable:
    """How often each thing, and each two, were in a basket: size^2 counts of four bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.baskets = 0
        self.alone: Integers = np.zeros(size, np.int64)
        self.together = np.zeros(size * size, np.int32)

    def add(self, some: Held, baskets: int) -> None:
        """Counts so many baskets; those that hold nothing are in the number only."""
        self.baskets += baskets
        self.alone += np.bincount(some.places, minlength=self.size)
        for first, second in pairs_in(some):
            np.add.at(self.together, some.places[first] * self.size + some.places[second], 1)

    def best(self, count_min: int, most: int) -> list[tuple[int, int]]:
        """The places of the pairs that are surest to be bought together more often than by chance, the surest first."""
        best: list[tuple[float, int, int]] = []
        for first, row in enumerate(self.together.reshape(self.size, self.size)):
            seconds = np.flatnonzero(row >= count_min)
            chance = self.alone[first] * self.alone[seconds] / max(1, self.baskets)
            lifts = least(row[seconds].astype(np.float64)) / chance
            sure = lifts > 1
            found = zip((-lifts[sure]).tolist(), repeat(first), seconds[sure].tolist(), strict=False)
            best = nsmallest(most, chain(best, found))
        return [(first, second) for _, first, second in best]


class StoreTable:
    """Counts of chosen pairs by store: for each pair three counts, and the baskets of each store."""

    def __init__(self, pairs: list[tuple[int, int]], size: int, stores: int) -> None:
        self._stores = stores
        self._pairs = np.array(pairs, np.int64).reshape(-1, 2)
        codes = self._pairs[:, 0] * size + self._pairs[:, 1]
        self._order = np.argsort(codes)
        self._codes, self._size = codes[self._order], size
        # Things that are in no chosen pair are not counted.
        self._things = np.unique(self._pairs)
        self._alone = np.zeros((stores, len(self._things)), np.int64)
        self._together = np.zeros((stores, len(pairs)), np.int64)

    def add(self, some: Held, store_of_basket: Integers) -> None:
        """Counts baskets, whose stores are given by the baskets' numbers."""
        if not len(self._codes):
            return
        things = np.minimum(np.searchsorted(self._things, some.places), len(self._things) - 1)
        wanted = self._things[things] == some.places
        some, things = Held(some.baskets[wanted], some.places[wanted]), things[wanted]
        np.add.at(self._alone, (store_of_basket[some.baskets], things), 1)
        for first, second in pairs_in(some):
            codes = some.places[first] * self._size + some.places[second]
            found = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
            hit = self._codes[found] == codes
            np.add.at(self._together, (store_of_basket[some.baskets[first[hit]]], self._order[found[hit]]), 1)

    def counts(self, baskets: Integers) -> list[list[PairCounts]]:
        """By store, the counts of each pair in the order given; `baskets` are the stores' own numbers."""
        first, second = (self._alone[:, np.searchsorted(self._things, self._pairs[:, side])] for side in (0, 1))
        columns = (self._together, first, second, np.broadcast_to(baskets[:, None], self._together.shape))
        return [
            [PairCounts(*row) for row in zip(*(column[store].tolist() for column in columns), strict=True)]
            for store in range(self._stores)
        ]
