"""Classes of products, by hand and against plain Python."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.demand.classes import WEEKS, WEEKS_MIN, abc, xyz

AMOUNTS = st.lists(st.integers(-(10**9), 10**12), max_size=40)
WEEKLY = st.lists(st.lists(st.integers(0, 10**7), min_size=WEEKS, max_size=WEEKS), min_size=1, max_size=8)


def letters(*revenue: int) -> str:
    return "".join(abc(np.array(revenue, dtype=np.int64), np.arange(len(revenue))))


def plain_abc(revenue: list[int]) -> list[str]:
    """Walks down from the largest, in whole numbers."""
    total = sum(one for one in revenue if one > 0)
    found = ["C"] * len(revenue)
    before = 0
    for place in sorted(range(len(revenue)), key=lambda place: (-revenue[place], place)):
        if revenue[place] > 0:
            found[place] = "A" if before * 100 < 80 * total else "B" if before * 100 < 95 * total else "C"
            before += revenue[place]
    return found


@pytest.mark.parametrize(
    ("revenue", "expected"),
    [
        ((80, 15, 5), "ABC"),
        ((5, 15, 80), "CBA"),
        # The one that crosses the border still belongs above it.
        ((79, 2, 14, 5), "ACAB"),
        ((100,), "A"),
        ((10, 10, 10, 10, 10, 10, 10, 10, 10, 10), "AAAAAAAABB"),
        ((100, 0, -7), "ACC"),
        ((0, -7), "CC"),
        ((), ""),
    ],
)
def test_revenue_by_hand(revenue: tuple[int, ...], expected: str) -> None:
    assert letters(*revenue) == expected


@settings(deadline=None)
@given(AMOUNTS)
def test_revenue_is_divided_as_in_plain_python(revenue: list[int]) -> None:
    assert list(letters(*revenue)) == plain_abc(revenue)


def plain_xyz(weeks: list[int]) -> tuple[str, float]:
    while weeks and weeks[0] == 0:
        weeks = weeks[1:]
    if len(weeks) < WEEKS_MIN:
        return "Z", math.nan
    variation = statistics.pstdev(weeks) / statistics.mean(weeks)
    return ("X" if variation <= 0.5 else "Y" if variation <= 1 else "Z"), variation


@pytest.mark.parametrize(
    ("weeks", "letter", "variation"),
    [
        ([10] * 13, "X", 0.0),
        # Deviates by 5 from 10 in every week: exactly a half.
        ([0] + [5, 15] * 6, "X", 0.5),
        ([0] + [4, 16] * 6, "Y", 0.6),
        # Nothing and everything in turn deviates by the whole mean.
        ([0] + [20, 0] * 6, "Y", 1.0),
        ([0] * 3 + [30, 0, 0, 0, 0, 30, 0, 0, 0, 0], "Z", 2.0),
        ([0] * 5 + [10] * 8, "X", 0.0),
        ([0] * 6 + [10] * 7, "Z", math.nan),
        ([0] * 13, "Z", math.nan),
        # More came back than was sold.
        ([-5] * 13, "Z", math.nan),
    ],
)
def test_evenness_by_hand(weeks: list[int], letter: str, variation: float) -> None:
    found = xyz(np.array([weeks]))
    assert found.letters[0] == letter
    assert found.variation[0] == pytest.approx(variation, nan_ok=True)


@settings(deadline=None)
@given(WEEKLY)
def test_evenness_is_that_of_plain_python(weekly: list[list[int]]) -> None:
    found = xyz(np.array(weekly))
    for place, weeks in enumerate(weekly):
        letter, variation = plain_xyz(weeks)
        assert found.variation[place] == pytest.approx(variation, abs=1e-6, nan_ok=True)
        if min(abs(variation - 0.5), abs(variation - 1.0)) > 1e-6 or math.isnan(variation):
            assert found.letters[place] == letter
