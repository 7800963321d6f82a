"""Chance that depends on a basket's number only, so that every run sees the same: what is late, returned, voided."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from transactions.replay.source import Integers

Draws = npt.NDArray[np.uint64]


class Purpose(IntEnum):
    """What a draw decides; each is independent of the others."""

    OFFLINE = 1
    VOID = 2
    VOID_DELAY = 3
    REFUND = 4
    REFUND_DAYS = 5
    REFUND_TIME = 6
    REFUND_LINES = 7


def draw(numbers: Integers, purpose: Purpose) -> Draws:
    """A well-mixed 64-bit number for each basket's number (splitmix64, Steele, Lea and Flood 2014)."""
    mixed = numbers.astype(np.uint64) + np.uint64((purpose * 0x9E37_79B9_7F4A_7C15) & 0xFFFF_FFFF_FFFF_FFFF)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return mixed ^ (mixed >> np.uint64(31))


def below(numbers: Integers, purpose: Purpose, bound: int) -> Integers:
    """A draw from 0 to bound - 1 for each basket's number."""
    return (draw(numbers, purpose) % np.uint64(bound)).astype(np.int64)


def one_in(numbers: Integers, purpose: Purpose, share: int) -> npt.NDArray[np.bool_]:
    """Whether it happens to a basket, to one in `share` of them."""
    happens: npt.NDArray[np.bool_] = below(numbers, purpose, share) == 0
    return happens
