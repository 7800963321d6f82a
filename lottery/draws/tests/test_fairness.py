"""No place in a list is likelier to win than another: chi-square over many seeds, and what rejection is for."""

import itertools
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lottery.draws.drawing import choose, winners, words

SEEDS = 6000
# Of 2^6 words, 64 - 64 % 48 are used: without rejection the first sixteen places would be twice as likely.
BITS = 6
COUNT = 48
WANTED = 2
# chi-square with 47 degrees of freedom exceeds this once in a million draws; the seeds are fixed, so it never flickers.
LIMIT_47 = 118.0


def small_words(seed: int) -> Iterator[int]:
    """Words of a few bits from the real ones, so that a span is left over at the end that matters."""
    long = words(sha256(b"%d" % seed).digest(), draw=1, rules_hash=bytes(32), root=bytes(32), count=COUNT)
    return (word >> (256 - BITS) for word in long)


def chosen_without_rejection(numbers: Iterator[int], count: int, wanted: int) -> list[int]:
    """What a careless program does."""
    chosen: dict[int, None] = {}
    while len(chosen) < wanted:
        chosen.setdefault(next(numbers) % count)
    return list(chosen)


def chi_square(seen: Counter[int], expected: float) -> float:
    """Pearson's statistic over all places."""
    return sum((seen[place] - expected) ** 2 / expected for place in range(COUNT))


@pytest.mark.parametrize("turn", range(WANTED))
def test_every_place_is_drawn_as_often_in_each_turn(turn: int) -> None:
    seen = Counter(choose(small_words(seed), COUNT, WANTED, bits=BITS)[turn] for seed in range(SEEDS))
    assert chi_square(seen, SEEDS / COUNT) < LIMIT_47


def test_without_rejection_the_same_test_fails() -> None:
    seen = Counter(chosen_without_rejection(small_words(seed), COUNT, WANTED)[0] for seed in range(SEEDS))
    assert chi_square(seen, SEEDS / COUNT) > 2 * LIMIT_47


def test_words_of_full_length_show_no_bias_either() -> None:
    seen: Counter[int] = Counter()
    for seed in range(SEEDS):
        found = winners(
            sha256(b"%d" % seed).digest(), draw=1, rules_hash=bytes(32), root=bytes(32), count=COUNT, wanted=1
        )
        seen.update(found)
    assert chi_square(seen, SEEDS / COUNT) < LIMIT_47


@pytest.mark.parametrize(("count", "bits"), [(3, 3), (5, 3), (6, 3), (7, 3), (8, 3)])
def test_every_word_that_counts_leads_to_each_place_equally_often(count: int, bits: int) -> None:
    """Without chance: over all words of a few bits, each place comes up the same number of times, or not at all."""
    first: Counter[int] = Counter()
    for word in range(1 << bits):
        # Nothing but zeros follows: a word that is passed over leads to the first place.
        place = choose(itertools.chain([word], itertools.repeat(0)), count, 1, bits=bits)[0]
        if word < (1 << bits) // count * count:
            first[place] += 1
        else:
            assert place == 0
    assert set(first.values()) == {(1 << bits) // count}
    assert len(first) == count


@given(count=st.integers(1, 50), wanted=st.integers(0, 60), seed=st.binary(min_size=32, max_size=32))
def test_nothing_is_drawn_twice_and_everything_when_there_are_prizes_enough(
    count: int, wanted: int, seed: bytes
) -> None:
    found = winners(seed, draw=1, rules_hash=bytes(32), root=bytes(32), count=count, wanted=wanted)
    assert len(found) == len(set(found)) == min(count, wanted)
    assert all(0 <= place < count for place in found)
    more = winners(seed, draw=1, rules_hash=bytes(32), root=bytes(32), count=count, wanted=wanted + 1)
    assert more[: len(found)] == found
