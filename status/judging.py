"""What a good minute is, and whether the system takes sales now. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

# Of all answers: what one till meets in a hundred sales. A single shard's short fault stays below.
WAITS_SHARE_MAX = 0.01
# A till waits two seconds before it goes on offline; half of that is a reply "in a fraction of a second".
P99_MS_MAX = 1000
# From here on it is not "in part" any more.
WAITS_SHARE_NOT_TAKING = 0.5
# What "now" means: the newest minutes that are over.
NOW_MINUTES = 3
# Counts are folded every 20 s, and a minute is known when it is over.
STALE_AFTER = timedelta(minutes=4)
# A sale is in the ledger within two seconds; from here on something does not flush.
OLDEST_LATE_S = 60


class Verdict(Enum):
    """Whether the system takes sales."""

    TAKING = "taking"
    SLOW = "slow"
    PARTLY = "partly"
    NOT_TAKING = "not-taking"
    UNKNOWN = "unknown"


class Why(Enum):
    """What the verdict rests on: the page has a sentence for each."""

    ANSWERS = "answers"  # What tills were answered in the last minutes.
    NO_SALES = "no-sales"  # Nobody sent a sale; the capture store would take one.
    OUTAGE = "outage"  # It was declared.
    STORE_AWAY = "store-away"  # The capture store does not answer.
    NOT_COUNTED = "not-counted"  # Nobody has counted lately.


@dataclass(frozen=True, slots=True)
class MinuteFigures:
    """A minute as it was counted."""

    minute: datetime
    asked: int
    accepted: int
    offline: int
    waits: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    oldest_s: float | None = None
    unsigned_s: float | None = None

    @property
    def is_good(self) -> bool | None:
        """Whether tills were well served; None without any sale. `folding.DAYS` says the same in SQL."""
        if not self.asked:
            return None
        return self.waits <= WAITS_SHARE_MAX * self.asked and (self.p99_ms is None or self.p99_ms <= P99_MS_MAX)


@dataclass(frozen=True, slots=True)
class Now:
    """The verdict, what it rests on, and the share of the newest minutes' sales that were told to come again."""

    verdict: Verdict
    why: Why
    waits_share: float | None = None
    p99_ms: float | None = None


def judge(now: datetime, minutes: Sequence[MinuteFigures], *, takes: bool | None, outage: str | None) -> Now:
    """The verdict right now.

    `minutes` are the known ones, the newest last; `takes` is whether the capture stores would take a sale,
    None when they were not asked; `outage` is the worst kind of outage that is declared and open.
    """
    if outage in ("outage", "emergency"):
        return Now(Verdict.NOT_TAKING, Why.OUTAGE)
    if takes is False:
        return Now(Verdict.NOT_TAKING, Why.STORE_AWAY)
    newest = [one for one in minutes[-NOW_MINUTES:] if now - one.minute <= STALE_AFTER]
    if not newest or takes is None:
        return Now(Verdict.UNKNOWN, Why.NOT_COUNTED)
    asked = sum(one.asked for one in newest)
    found = Now(Verdict.TAKING, Why.NO_SALES)
    if asked:
        share = sum(one.waits for one in newest) / asked
        p99_ms = max((one.p99_ms for one in newest if one.p99_ms is not None), default=None)
        found = Now(_served(share, p99_ms), Why.ANSWERS, share, p99_ms)
    if outage is not None and found.verdict is Verdict.TAKING:
        return Now(Verdict.SLOW, Why.OUTAGE, found.waits_share, found.p99_ms)
    return found


def _served(waits_share: float, p99_ms: float | None) -> Verdict:
    if waits_share >= WAITS_SHARE_NOT_TAKING:
        return Verdict.NOT_TAKING
    if waits_share > WAITS_SHARE_MAX:
        return Verdict.PARTLY
    return Verdict.SLOW if p99_ms is not None and p99_ms > P99_MS_MAX else Verdict.TAKING
