"""One scale for all kinds: what a score is made of, and that its bands mean what is written of them."""

from hypothesis import given
from hypothesis import strategies as st

from findings.scoring import BANDS, MEANING, SCORE_MAX, Band, band, score, sure_of, weight_of

DAY = 1 / 7
PARTS = st.floats(0, 1)


@given(PARTS, PARTS)
def test_a_score_is_from_1_to_100_and_has_a_band_with_a_meaning(sure: float, weight: float) -> None:
    made = score(sure, weight)
    assert 1 <= made <= SCORE_MAX
    assert MEANING[band(made)]


@given(PARTS, PARTS, PARTS)
def test_more_certain_or_more_money_never_scores_less(sure: float, weight: float, more: float) -> None:
    assert score(max(sure, more), weight) >= score(sure, weight)
    assert score(sure, max(weight, more)) >= score(sure, weight)


def test_the_bands_mean_what_is_written() -> None:
    assert band(score(1, weight_of(0.5, 1))) is Band.URGENT
    assert band(score(1, weight_of(4, 1))) is Band.URGENT
    assert band(score(1, weight_of(DAY, 1))) is Band.HIGH
    assert band(score(sure_of(1e-7), weight_of(2, 1))) is Band.HIGH
    assert band(score(1, 0)) is Band.MEDIUM
    assert band(score(sure_of(1e-4), weight_of(4, 1))) is Band.LOW


def test_what_one_in_a_hundred_shows_is_hardly_a_finding() -> None:
    assert score(sure_of(0.5), 1) == 1
    assert sure_of(1e-9) == 1
    assert sure_of(0) == 1


def test_the_same_part_of_a_week_weighs_the_same_in_any_currency() -> None:
    assert weight_of(500, 1_000) == weight_of(500_000, 1_000_000)
    assert weight_of(-500, 1_000) == weight_of(500, 1_000)
    assert weight_of(500, 0) == 0.5


def test_the_bands_cover_the_scale_from_the_highest_down() -> None:
    assert [least for least, _ in BANDS] == sorted((least for least, _ in BANDS), reverse=True)
    assert BANDS[-1][0] == 0
    assert {name for _, name in BANDS} == set(Band)
