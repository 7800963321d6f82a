"""What may be told of others: enough stores of enough retailers, three rounded middles, and nothing by subtraction."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.peers.disclosure import RETAILERS_MIN, Peers, StoreValue, is_enough, peers_by_retailer
from analytics.peers.figures import rounded
from analytics.peers.models import OTHERS_MIN
from portal.sheets.panels import Kind

ME = 1
RIVAL = 2


def others(count: int, retailers: int = RETAILERS_MIN) -> list[StoreValue]:
    """Stores of other retailers, dealt one by one; 100.00, 101.00 and so on."""
    return [StoreValue(RIVAL + place % retailers, 10_000 + 100 * place) for place in range(count)]


def told(values: list[StoreValue], *, own: int = 1, kind: Kind = Kind.MONEY) -> Peers | None:
    """What ME is told of the values, having some stores itself."""
    return peers_by_retailer([*values, *(StoreValue(ME, 5) for _ in range(own))], kind)[ME]


@pytest.mark.parametrize(
    ("values", "has_figure"),
    [
        (others(19), False),
        (others(20), True),
        (others(20, retailers=4), False),
        (others(20, retailers=5), True),
        # Ten of twenty are one retailer's; then eleven of twenty-one.
        ([*others(10), *(StoreValue(RIVAL, 10_000) for _ in range(8))], False),
        ([*others(20), *(StoreValue(RIVAL, 10_000) for _ in range(12))], True),
        ([*others(20), *(StoreValue(RIVAL, 10_000) for _ in range(13))], False),
    ],
)
def test_twenty_of_five_retailers_none_with_more_than_half(values: list[StoreValue], has_figure: bool) -> None:
    assert (told(values) is not None) == has_figure


@pytest.mark.parametrize("own", [1, 5, 500])
def test_own_stores_neither_count_nor_move_anything(own: int) -> None:
    assert told(others(19), own=own) is None
    assert told(others(40), own=own) == told(others(40))


def test_the_middles_are_means_of_five() -> None:
    values = [StoreValue(one.retailer, 400 * place) for place, one in enumerate(others(21))]
    values[10] = StoreValue(values[10].retailer, 4_040)
    # Of the 21, the 4th to 8th, 9th to 13th and 14th to 18th: 2,000, 4,008 and 6,000.
    assert told(values) == Peers(2_000, 4_000, 6_000, 20)
    assert told([one._replace(value=one.value * 100) for one in values]) == Peers(200_000, 400_000, 600_000, 20)


def test_the_smallest_and_the_largest_never_come_in() -> None:
    values = others(20)
    extreme = [StoreValue(one.retailer, one.value) for one in values]
    extreme[0] = StoreValue(extreme[0].retailer, -(10**12))
    extreme[-1] = StoreValue(extreme[-1].retailer, 10**12)
    assert told(extreme) == told(values)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(-(10**9), 10**9)), max_size=80))
def test_every_retailer_is_told_what_it_would_be_without_its_own_stores(pairs: list[tuple[int, int]]) -> None:
    values = [StoreValue(*pair) for pair in pairs]
    for retailer, peers in peers_by_retailer(values, Kind.MONEY).items():
        rest = [one for one in values if one.retailer != retailer]
        assert (peers is not None) == is_enough(Counter(one.retailer for one in values), retailer)
        if peers is None:
            continue
        ordered = sorted(one.value for one in rest)
        assert len(ordered) >= OTHERS_MIN
        for number, quarter in ((peers.lower, 1), (peers.median, 2), (peers.upper, 3)):
            centre = (len(ordered) - 1) * quarter // 4
            exact = sum(ordered[centre - 2 : centre + 3]) / 5
            assert abs(number - exact) <= max(1, abs(exact) * 0.05 + 1)
            assert ordered[2] - 1 - abs(exact) * 0.05 <= number <= ordered[-3] + 1 + abs(exact) * 0.05


def test_a_rival_who_comes_or_goes_is_not_had_by_differencing() -> None:
    """The attacker knows both answers, and even the count: a hundred takings fit the same two answers."""
    crowd = others(24)
    without = told(crowd)
    seen: Counter[Peers | None] = Counter()
    for value in range(5_000, 20_000, 100):
        seen[told([*crowd, StoreValue(RIVAL, value)])] += 1
    # Of 150 possible takings between 50 and 200, no answer leaves fewer than ten.
    assert len(seen) <= 4
    assert min(seen.values()) >= 10
    assert seen[without] >= 10


def test_a_crowd_of_shams_with_one_rival_is_told_nothing() -> None:
    """A second company of the attacker's has 19 stores beside the rival's only one."""
    shams = [StoreValue(77, 0) for _ in range(19)]
    assert told([*shams, StoreValue(RIVAL, 12_345)]) is None
    # Nor are 40, nor do the attacker's own stores help.
    assert told([*shams, *shams, StoreValue(RIVAL, 12_345)], own=100) is None


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (12_345, Kind.MONEY, 12_000),
        (-12_545, Kind.MONEY, -13_000),
        (99, Kind.MONEY, 99),
        (0, Kind.QUANTITY, 0),
        (93_751, Kind.QUANTITY, 94_000),
        (124, Kind.PERCENT, 100),
        (125, Kind.PERCENT, 150),
        (-349, Kind.CHANGE, -300),
    ],
)
def test_what_is_told_is_rounded(value: int, kind: Kind, expected: int) -> None:
    assert rounded(value, kind) == expected
