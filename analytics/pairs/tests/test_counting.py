"""Counts of pairs against itertools, on any baskets."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.pairs.counting import Held, PairTable, StoreTable, held

SIZE = 6
Baskets = list[list[int]]


def hold(baskets: Baskets) -> Held:
    """As the reading makes them: things in any order, some twice, some unknown (-1)."""
    numbers = [number for number, basket in enumerate(baskets) for _ in basket]
    places = [place for basket in baskets for place in basket]
    return held(np.array(numbers, np.int64), np.array(places, np.int64), SIZE)


baskets_of_any_kind = st.lists(st.lists(st.integers(-1, SIZE - 1), max_size=9), max_size=30)


@given(baskets_of_any_kind, st.integers(1, 30))
def test_every_pair_is_counted_once_a_basket(baskets: Baskets, at_once: int) -> None:
    table = PairTable(SIZE)
    for start in range(0, len(baskets), at_once):
        some = baskets[start : start + at_once]
        table.add(hold(some), len(some))
    sets = [set(basket) - {-1} for basket in baskets]
    pairs = Counter(pair for basket in sets for pair in combinations(sorted(basket), 2))
    assert {divmod(code, SIZE): count for code, count in enumerate(table.together.tolist()) if count} == pairs
    assert table.alone.tolist() == [sum(place in basket for basket in sets) for place in range(SIZE)]
    assert table.baskets == len(baskets)


@given(baskets_of_any_kind)
def test_chosen_pairs_are_counted_by_store(baskets: Baskets) -> None:
    pairs, stores = [(3, 4), (0, 5), (0, 3)], 3
    of_basket = np.arange(len(baskets)) % stores
    table = StoreTable(pairs, SIZE, stores)
    table.add(hold(baskets), of_basket)
    numbers = np.bincount(of_basket, minlength=stores)
    for store, counts in enumerate(table.counts(numbers)):
        own = [set(basket) for basket in baskets[store::stores]]
        assert [tuple(one) for one in counts] == [
            (
                sum({first, second} <= basket for basket in own),
                sum(first in basket for basket in own),
                sum(second in basket for basket in own),
                len(own),
            )
            for first, second in pairs
        ]


def test_the_surest_come_first_and_chance_not_at_all() -> None:
    # 0 and 1 always together; 2 in everything; 3 and 4 as often as chance has it.
    baskets = [[0, 1, 2]] * 30 + [[2, 3, 4]] * 25 + [[2, 3]] * 75 + [[2, 4]] * 75 + [[2]] * 225
    table = PairTable(SIZE)
    table.add(hold(baskets), len(baskets))
    assert table.best(20, 10) == [(0, 1)]
    assert table.best(31, 10) == []
    assert table.best(20, 0) == []


def test_nothing_to_count() -> None:
    table = PairTable(0)
    table.add(hold([[], [-1]]), 2)
    assert table.best(1, 10) == []
    empty = StoreTable([], 0, 2)
    empty.add(hold([[1, 2]]), np.array([0]))
    assert empty.counts(np.array([1, 0])) == [[], []]
