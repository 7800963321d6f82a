"""Medians, ratios and verdicts; the order in which compared things run."""

import pytest

from benchmarks.figures import at_least, at_most, compared, figure, interleave, percentile


def test_contenders_take_turns_and_each_round_begins_with_another() -> None:
    order: list[str] = []

    def contender(name: str) -> int:
        order.append(name)
        return len(order)

    found = interleave(3, {name: (lambda name=name: contender(name)) for name in "abc"})  # type: ignore[misc]
    assert "".join(order) == "abcbcacab"
    assert found == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    made = compared(figure("p", "n", [10.0, 20.0, 90.0], "x"), [10.0, 10.0, 100.0], "other", least=0.95)
    assert made.value == 20
    assert made.ratio == 1.0
    assert made.reached is True


def test_targets_are_held_from_either_side() -> None:
    assert at_least(figure("p", "n", [40.0], "x"), 40).reached is True
    assert at_least(figure("p", "n", [39.0], "x"), 40).reached is False
    assert at_most(figure("p", "n", [299.0], "x"), 300).reached is True
    assert at_most(figure("p", "n", [300.0], "x"), 300).reached is False


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100)])
def test_percentiles_are_nearest_ranks(share: float, expected: int) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
