"""The one scale of findings, 0 to 100, the same for all kinds. Pure.

A score says what to look at first. It is made of two things, each between 0 and 1:

    sure     that it is as it looks. 1 for what is a fact (a conflict, a gap); for what is judged by chance, how seldom
             a till in order would show it: 0 where one in a hundred does, 1 where one in a thousand million does.
    weight   how much of the till's takings it concerns, in weeks of its own: so that a corner shop and a department
             store, and two currencies, stand on one scale. 0 for a hundredth of a week or less, 1 for four weeks.

    score = 100 * sure * (0.3 + 0.7 * weight), rounded, at least 1

Bands: what a score asks for.

    75 to 100   urgent     certain, and as much as the till takes in half a week or longer: look today
    50 to  74   high       certain and about a day's takings, or likely and weeks': look this week
    30 to  49   medium     certain but small, or large but perhaps by chance: look when there is time
     1 to  29   low        may well have an everyday reason: look when it comes again

A score is worked out again with each round and so moves with its evidence; closed findings keep the last one.
"""

from enum import StrEnum
from math import log10

SCORE_MAX = 100
# Of a certain finding that concerns no money.
CERTAIN_ALONE = 0.3
SURE_FROM, SURE_TO = 1e-2, 1e-9
WEEKS_FROM, WEEKS_TO = 1e-2, 4.0


class Band(StrEnum):
    """What a score asks for."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


# The least score of each band, highest first.
BANDS = ((75, Band.URGENT), (50, Band.HIGH), (30, Band.MEDIUM), (0, Band.LOW))
MEANING = {
    Band.URGENT: "Certain, and as much as the till takes in half a week or longer: look today.",
    Band.HIGH: "Certain and about a day's takings, or likely and weeks': look this week.",
    Band.MEDIUM: "Certain but small, or large but perhaps by chance: look when there is time.",
    Band.LOW: "May well have an everyday reason: look when it comes again.",
}


def score(sure: float, weight: float) -> int:
    """From 1 to 100; both parts are cut to 0 and 1."""
    made = SCORE_MAX * _cut(sure) * (CERTAIN_ALONE + (1.0 - CERTAIN_ALONE) * _cut(weight))
    return max(1, round(made))


def sure_of(chance: float) -> float:
    """How sure a chance makes, by its powers of ten; it is to be corrected for how many were looked at."""
    return _along(log10(max(chance, SURE_TO / 10)), log10(SURE_FROM), log10(SURE_TO))


def weight_of(amount: float, week: float) -> float:
    """How much `amount` weighs at a till that takes `week` in a usual week, in the same unit (money, or receipts).

    A till whose week is not known, or is nothing, gets one half.
    """
    if week <= 0:
        return 0.5
    return _along(log10(max(abs(amount) / week, WEEKS_FROM / 10)), log10(WEEKS_FROM), log10(WEEKS_TO))


def band(score: int) -> Band:
    """The band that a score lies in."""
    return next(name for least, name in BANDS if score >= least)


def _along(value: float, start: float, end: float) -> float:
    """Where a value lies between two others, from 0 to 1."""
    return _cut((value - start) / (end - start))


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))
