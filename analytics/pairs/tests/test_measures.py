"""Support, confidence and lift by hand, and a ranking in which chance does not come first."""

from analytics.pairs.measures import PairCounts, least


def test_by_hand() -> None:
    """Of 1,000 sales 100 have bread, 50 butter, 20 both: chance would bring 5."""
    pair = PairCounts(20, 100, 50, 1_000)
    assert (pair.support, pair.confidence, pair.confidence_back, pair.lift) == (200, 2_000, 4_000, 40_000)
    assert 1 < pair.lift_at_least < 4


def test_of_nothing_nothing_is_said() -> None:
    pair = PairCounts(0, 0, 0, 0)
    assert (pair.support, pair.confidence, pair.confidence_back, pair.lift, pair.lift_at_least) == (
        None, None, None, None, 0.0,
    )  # fmt: skip


def test_two_that_were_sold_twice_stand_behind_what_is_sure() -> None:
    chance, sure = PairCounts(2, 50, 50, 10_000), PairCounts(200, 700, 1_000, 10_000)
    assert (chance.lift or 0) > (sure.lift or 0) > 20_000
    assert chance.lift_at_least < 1
    assert sure.lift_at_least > 2


def test_staples_are_no_find() -> None:
    """Bread in nine of ten sales, and whatever is with it."""
    assert PairCounts(1_800, 9_000, 2_000, 10_000).lift_at_least < 1


def test_more_sales_make_the_same_lift_surer() -> None:
    assert PairCounts(20, 100, 50, 1_000).lift_at_least < PairCounts(200, 1_000, 500, 10_000).lift_at_least < 4
    assert 9_000 < least(10_000) < 10_000
