"""Gaps as sales come in any order: what lacks is always exact, and nothing lacks at last."""

from hypothesis import given
from hypothesis import strategies as st

from findings.gaps import GAPS_MAX, NO_ORIGIN, Numbers

MINUTE_US = 60_000_000


def come(numbers: list[int], into: Numbers | None = None) -> Numbers:
    """Each number is issued a minute after the one before it."""
    own = into or Numbers()
    for place, number in enumerate(numbers):
        own.add(number, number * MINUTE_US, place)
    return own


def ranges(own: Numbers) -> list[tuple[int, int]]:
    return sorted((gap.first, gap.last) for gap in own.gaps.values())


def test_numbers_in_a_row_lack_nothing() -> None:
    assert ranges(come([5, 6, 7])) == []


def test_a_gap_knows_when_it_was_seen_and_between_which_moments_it_was_issued() -> None:
    (gap,) = come([5, 9]).rows()
    assert (gap.first, gap.last, gap.missing, gap.origin) == (6, 8, 3, 6)
    assert (gap.seen_us, gap.after_us, gap.before_us) == (1, 5 * MINUTE_US, 9 * MINUTE_US)


def test_a_late_number_splits_a_gap_into_two_of_one_origin() -> None:
    own = come([1, 9, 5])
    low, high = sorted(own.rows(), key=lambda gap: gap.first)
    assert (low.first, low.last, low.origin, low.after_us, low.before_us) == (2, 4, 2, MINUTE_US, 5 * MINUTE_US)
    assert (high.first, high.last, high.origin, high.after_us, high.before_us) == (
        6, 8, 2, 5 * MINUTE_US, 9 * MINUTE_US,
    )  # fmt: skip
    assert low.seen_us == high.seen_us == 1


def test_a_number_at_an_end_shortens_a_gap_and_the_last_one_closes_it() -> None:
    own = come([1, 5, 2, 4])
    assert ranges(own) == [(3, 3)]
    assert ranges(come([3], own)) == []


def test_a_till_begins_with_the_lowest_number_that_came() -> None:
    own = come([10, 7])
    assert (own.first, own.last, ranges(own)) == (7, 10, [(8, 9)])


def test_the_neighbours_of_a_late_number_say_when_it_was_issued() -> None:
    own = come([1, 9])
    assert own.add(5, 0, 0) == (MINUTE_US, 9 * MINUTE_US)
    assert own.add(10, 0, 0) == (9 * MINUTE_US, 0)


def test_beyond_the_most_gaps_only_the_count_is_known() -> None:
    odd = list(range(1, 2 * GAPS_MAX + 20, 2))
    own = come(odd)
    assert len(own.gaps) == GAPS_MAX
    assert own.more is not None
    assert (own.more.missing, own.more.origin) == (len(odd) - 1 - GAPS_MAX, NO_ORIGIN)
    assert (own.more.first, own.more.last) == (2 * GAPS_MAX + 2, odd[-1] - 1)
    assert own.missing == own.last - own.first + 1 - len(odd)
    even = [number + 1 for number in odd[:-1]]
    assert list(come(even, own).rows()) == []


@given(st.lists(st.integers(1, 400), unique=True, min_size=1), st.data())
def test_what_lacks_is_exact_in_any_order(numbers: list[int], data: st.DataObject) -> None:
    own = come(numbers)
    seen = set(numbers)
    assert own.missing == max(seen) - min(seen) + 1 - len(seen)
    if own.more is None:
        wanted = {number for number in range(min(seen), max(seen)) if number not in seen}
        assert {number for first, last in ranges(own) for number in range(first, last + 1)} == wanted
        bounds = {(gap.after_us, gap.before_us) for gap in own.rows()}
        assert bounds == {((gap.first - 1) * MINUTE_US, (gap.last + 1) * MINUTE_US) for gap in own.rows()}
    rest = sorted(set(range(min(seen), max(seen) + 1)) - seen)
    assert list(come(data.draw(st.permutations(rest)), own).rows()) == []


@given(st.lists(st.integers(1, 60), unique=True, min_size=1))
def test_gaps_of_an_order_of_arrival_are_those_of_counting(numbers: list[int]) -> None:
    assert ranges(come(numbers)) == ranges(come(sorted(numbers)))
