"""How much to order, by hand and for whatever numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.orders.quantities import NOTHING, ORDER_MAX, Ordered, Terms, to_order

UNIT = 10_000
SINGLE = Terms(pack=UNIT, order_minimum=0, shelf_minimum=0)
DOZEN = Terms(pack=12 * UNIT, order_minimum=0, shelf_minimum=0)
QUANTITIES = st.integers(-(10**12), 10**12)
SIZES = st.integers(0, 10**10)


def order(terms: Terms, *, expected: float, safe: float, on_hand: float = 0, on_order: float = 0) -> Ordered:
    numbers = {"expected": expected, "safe": safe, "on_hand": on_hand, "on_order": on_order}
    return to_order(**{name: int(value * UNIT) for name, value in numbers.items()}, terms=terms)


@pytest.mark.parametrize(
    ("terms", "numbers", "expected"),
    [
        (DOZEN, {"expected": 21, "safe": 30, "on_hand": 14}, Ordered(24 * UNIT, 2)),
        (DOZEN, {"expected": 21, "safe": 26, "on_hand": 14}, Ordered(12 * UNIT, 1)),
        (SINGLE, {"expected": 21, "safe": 30, "on_hand": 14}, Ordered(16 * UNIT, 16)),
        (SINGLE, {"expected": 21, "safe": 30, "on_hand": 14, "on_order": 16}, NOTHING),
        (SINGLE, {"expected": 21, "safe": 30, "on_hand": 14, "on_order": 15.5}, Ordered(UNIT, 1)),
        # A wrong stock below nothing is not made up for.
        (SINGLE, {"expected": 2, "safe": 4, "on_hand": -500}, Ordered(4 * UNIT, 4)),
        (Terms(UNIT, 20 * UNIT, 0), {"expected": 2, "safe": 4}, Ordered(20 * UNIT, 20)),
        (Terms(12 * UNIT, 20 * UNIT, 0), {"expected": 2, "safe": 4}, Ordered(24 * UNIT, 2)),
        (Terms(UNIT, 20 * UNIT, 0), {"expected": 2, "safe": 4, "on_hand": 4}, NOTHING),
        # Six always stand in the shelf, whatever is sold.
        (Terms(UNIT, 0, 6 * UNIT), {"expected": 2, "safe": 4}, Ordered(8 * UNIT, 8)),
        (Terms(UNIT, 0, 6 * UNIT), {"expected": 0, "safe": 0, "on_hand": 6}, NOTHING),
        # Cheese by the wheel of 4.5 kg.
        (Terms(45_000, 0, 0), {"expected": 5, "safe": 5.2, "on_hand": 0.5}, Ordered(90_000, 2)),
    ],
)
def test_known_by_hand(terms: Terms, numbers: dict[str, float], expected: Ordered) -> None:
    assert order(terms, **numbers) == expected


@settings(deadline=None)
@given(st.builds(Terms, st.integers(1, 10**10), SIZES, SIZES), SIZES, SIZES, QUANTITIES, QUANTITIES)
def test_it_is_enough_in_whole_packs_and_not_a_pack_more(
    terms: Terms, expected: int, safe: int, on_hand: int, on_order: int
) -> None:
    found = to_order(expected=expected, safe=safe, on_hand=on_hand, on_order=on_order, terms=terms)
    there = max(on_hand, 0) + max(on_order, 0)
    goal = max(safe, expected + terms.shelf_minimum)

    assert found.quantity == found.packs * terms.pack
    assert 0 <= found.quantity <= max(ORDER_MAX, terms.pack)
    assert (found.quantity > 0) == (there < goal)
    if 0 < found.quantity <= ORDER_MAX - terms.pack:
        assert found.quantity >= terms.order_minimum
        assert there + found.quantity >= goal
        assert found.quantity - terms.pack < max(terms.order_minimum, goal - there)
