"""What a judge says: that something is odd about a terminal, how odd, and by which evidence. Pure.

A judge is asked about some terminals at a moment and says everything that is odd about them then. What it said before
and does not say any more closes itself (findings/judging.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from findings.evidence import Evidence


class Verdict(NamedTuple):
    """`subject` tells several findings of one kind and terminal apart; `score` is from 0 to 100."""

    kind: str
    retailer: int
    store: int
    terminal: int
    subject: str
    began_at: datetime
    score: int
    evidence: Evidence


# Reads the facts of these terminals itself and writes nothing.
Judge = Callable[[Sequence[int], datetime], list[Verdict]]
