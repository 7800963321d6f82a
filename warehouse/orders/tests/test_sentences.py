"""The sentence that says why."""

from datetime import date
from typing import Any

import pytest

from warehouse.orders.quantities import Ordered
from warehouse.orders.sentences import Facts, rounded, units, why

UNIT = 10_000
MONDAY = date(2026, 11, 30)
FRIDAY = date(2026, 12, 4)
FACTS = Facts(
    on_hand=14 * UNIT,
    on_order=0,
    expected=206_000,
    safe=30 * UNIT,
    pack=12 * UNIT,
    ordered=Ordered(24 * UNIT, 2),
    is_forecast=True,
)


def test_it_says_what_is_left_expected_and_ordered() -> None:
    assert why(FACTS, FRIDAY, MONDAY) == (
        "14 left, 21 expected until the next delivery on Friday, 30 to be safe; order 2 packs of 12"
    )


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"on_order": 6 * UNIT}, "14 left, 6 on order, 21 expected"),
        ({"on_hand": -3 * UNIT}, "stock says −3: count it, 21 expected"),
        ({"ordered": Ordered(12 * UNIT, 1)}, "order 1 pack of 12"),
        ({"pack": UNIT, "ordered": Ordered(16 * UNIT, 16)}, "order 16"),
        ({"ordered": Ordered(0, 0)}, "order nothing"),
        ({"is_forecast": False}, "by the last 28 days, there is no forecast yet"),
        ({"safe": 21 * UNIT}, "on Friday; order"),
    ],
)
def test_it_says_what_is_special(changes: dict[str, Any], part: str) -> None:
    assert part in why(FACTS._replace(**changes), FRIDAY, MONDAY)


def test_a_day_in_some_weeks_has_its_date() -> None:
    assert "on Friday 11 December" in why(FACTS, date(2026, 12, 11), MONDAY)


def test_quantities_are_written_as_people_do() -> None:
    assert [units(one) for one in (0, 5_000, 12_500_000, -10_000, 3_125)] == ["0", "0.5", "1,250", "−1", "0.312"]
    assert [rounded(one) for one in (0, 1_499, 99_400, 206_000)] == ["0", "0.1", "9.9", "21"]
