"""Points and their evidence: thresholds, bounds, and a large household that has none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lottery.review.signals import (
    SCORE_MAX,
    SCORE_MIN,
    Facts,
    Frame,
    contests_of,
    rings_of,
    score_of,
    signals_of,
)

MONTH = Frame(date(2026, 11, 1), date(2026, 11, 30), 500)
# Five people with one tablet, who type a month's receipts on a Sunday and quarrel about eight of them.
FAMILY = Facts(
    paged=90, tagged=0, stores=25, burst=20, hour_stores=15, contests=8, ring=5, device_players=5, network_players=20,
    month_tickets=449, late=20, late_stores=10,
)  # fmt: skip


def kinds(facts: Facts, frame: Frame = MONTH) -> list[str]:
    return [signal.kind for signal in signals_of(facts, frame)]


def test_a_large_household_has_no_signal_at_all() -> None:
    assert signals_of(FAMILY, MONTH) == []


@pytest.mark.parametrize(
    ("facts", "kind", "points"),
    [
        (Facts(contests=9), "contests", 18),
        (Facts(contests=50), "contests", 40),
        (Facts(ring=6), "ring", 5),
        (Facts(ring=30), "ring", 40),
        (Facts(device_players=6), "device", 8),
        (Facts(device_players=40), "device", 60),
        (Facts(network_players=21), "network", 1),
        (Facts(network_players=9000), "network", 5),
        (Facts(burst=21), "burst", 1),
        (Facts(burst=500), "burst", 30),
        (Facts(hour_stores=16), "hour-stores", 2),
        (Facts(stores=41), "stores", 1),
        (Facts(stores=500), "stores", 20),
        (Facts(month_tickets=450), "cap", 10),
        (Facts(late=30, late_stores=11), "late", 10),
        (Facts(paged=101), "only-page", 5),
    ],
)
def test_each_signal_begins_above_its_threshold_and_is_bounded(facts: Facts, kind: str, points: int) -> None:
    (signal,) = signals_of(facts, MONTH)
    assert (signal.kind, signal.points) == (kind, points)
    largest = max(facts)
    assert str(largest) in signal.evidence or str(min(value for value in facts if value)) in signal.evidence


def test_old_receipts_of_few_stores_and_tagged_ones_are_no_signal() -> None:
    assert kinds(Facts(late=200, late_stores=4)) == []
    assert kinds(Facts(paged=400, tagged=1)) == []


def test_a_longer_draw_leaves_more_stores_free() -> None:
    quarter = Frame(date(2026, 10, 1), date(2026, 12, 31), 500)
    assert kinds(Facts(stores=100)) == ["stores"]
    assert kinds(Facts(stores=100), quarter) == []


def test_one_weak_signal_fills_no_queue() -> None:
    assert score_of(signals_of(Facts(network_players=10_000, paged=120), MONTH)) <= SCORE_MIN
    assert score_of(signals_of(Facts(network_players=10_000), MONTH)) < SCORE_MIN


def test_signals_stand_by_weight() -> None:
    assert kinds(Facts(network_players=100, device_players=9, burst=30)) == ["device", "burst", "network"]


def test_rings_are_players_connected_by_two_receipts_or_more() -> None:
    chain = {("a", "b"): 2, ("b", "c"): 1, ("c", "b"): 1, ("d", "c"): 5, ("e", "f"): 1}
    assert rings_of(chain) == {"a": 4, "b": 4, "c": 4, "d": 4}
    assert contests_of(chain) == {"a": 2, "b": 4, "c": 7, "d": 5, "e": 1, "f": 1}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 3)), max_size=30))
def test_rings_have_the_size_of_their_players(pairs: list[tuple[int, int, int]]) -> None:
    found = rings_of({(one, other): receipts for one, other, receipts in pairs if one != other})
    # Rings are whole: the players of every size are a multiple of it.
    for size in set(found.values()):
        assert sum(1 for other in found.values() if other == size) % size == 0


@given(st.builds(Facts, *[st.integers(0, 10**7)] * 12))
def test_points_are_bounded_and_evidence_is_a_sentence(facts: Facts) -> None:
    signals = signals_of(facts, MONTH)
    assert 0 <= score_of(signals) <= SCORE_MAX
    assert all(signal.points > 0 and signal.evidence.endswith(".") for signal in signals)
