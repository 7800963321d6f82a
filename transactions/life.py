"""The life of retailers, stores and terminals: which step may follow which, and what holds for a till. No I/O."""

from collections.abc import Mapping

from transactions.models import Life

# A retailer or a store is active, suspended or retired; a terminal all of these.
_STEPS: Mapping[Life, frozenset[Life]] = {
    Life.ENROLLED: frozenset({Life.TESTING, Life.ACTIVE, Life.RETIRED}),
    Life.TESTING: frozenset({Life.ACTIVE, Life.SUSPENDED, Life.LOST, Life.RETIRED}),
    Life.ACTIVE: frozenset({Life.TESTING, Life.SUSPENDED, Life.LOST, Life.RETIRED}),
    Life.SUSPENDED: frozenset({Life.ACTIVE, Life.LOST, Life.RETIRED}),
    # Found again: it needs a new credential all the same.
    Life.LOST: frozenset({Life.ACTIVE, Life.RETIRED}),
    Life.RETIRED: frozenset(),
}
# From the one that stops least to the one that stops most.
_STRICTNESS = (Life.ACTIVE, Life.TESTING, Life.ENROLLED, Life.SUSPENDED, Life.LOST, Life.RETIRED)


def may_follow(before: str, after: str) -> bool:
    """Whether `after` is a step from `before`."""
    return Life(after) in _STEPS[Life(before)]


def steps_from(before: str) -> list[Life]:
    """Every step from `before`, in the order of a life."""
    return [life for life in Life if life in _STEPS[Life(before)]]


def effective(*lives: str) -> Life:
    """What holds for a terminal, given its own life and those of its store and retailer: the strictest."""
    return max((Life(life) for life in lives), key=_STRICTNESS.index)
