"""All that the status page and its JSON say, read together at most once in KEPT_S and process: a crowd costs nothing.

Only PostgreSQL and the capture stores are asked. When one of them is away the report says what is not known, and why.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import DatabaseError
from redis.exceptions import RedisError

from ledger.backlog import Backlog, backlog
from ledger.evidence import soundness
from possys import clock
from status.folding import zone
from status.judging import MinuteFigures, Now, judge
from status.models import StatusDay, StatusMinute
from transactions.outages import Outage
from transactions.service import stores
from transactions.stream import SHARD_COUNT, read_heads

logger = logging.getLogger(__name__)

KEPT_S = 5
# Nobody is answered with what is older while another request reads it anew.
OLD_MAX_S = 60
MINUTES = 360
DAYS = 90
OUTAGES_MAX = 20
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared outage; the reason is the staff's own words, and not shown."""

    kind: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """How many of a day's minutes were good, bad, without a sale, or not known."""

    day: date
    good: int
    bad: int
    idle: int
    unknown: int

    @property
    def good_share(self) -> float | None:
        """Of the minutes with sales or a declared outage; None without any."""
        judged = self.good + self.bad
        return self.good / judged if judged else None


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest checkpoint, and how long the oldest block has waited for the next."""

    size: int
    signed_at: datetime | None
    waiting_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """What is known as of `as_of`. `minutes` and `days` have an entry a minute and day, None where nothing is known."""

    as_of: datetime
    now: Now
    minutes: tuple[tuple[datetime, MinuteFigures | None], ...]
    days: tuple[tuple[date, Day | None], ...]
    outages: tuple[Declared, ...]
    oldest_s: float | None
    signed: Signed | None

    @property
    def newest(self) -> MinuteFigures | None:
        """The newest minute of which anything is known."""
        return next((found for _, found in reversed(self.minutes) if found is not None), None)

    @property
    def open_outage(self) -> Declared | None:
        """The one that began first of those that go on."""
        still = [one for one in self.outages if one.ended_at is None]
        return min(still, key=lambda one: one.began_at, default=None)


class _Kept:
    """The last report of this process."""

    def __init__(self) -> None:
        self.reading = threading.Lock()
        self.report: Report | None = None
        self.read_s = 0.0

    def current(self) -> Report:
        age_s = time.monotonic() - self.read_s
        report = self.report
        if report is not None and age_s < KEPT_S:
            return report
        # One request reads; the others take what there is, unless it is too old to be said.
        is_mine = self.reading.acquire(blocking=report is None or age_s >= OLD_MAX_S)
        if not is_mine and report is not None:
            return report
        try:
            if self.report is None or time.monotonic() - self.read_s >= KEPT_S:
                self.report = read_report()
                self.read_s = time.monotonic()
            return self.report
        finally:
            self.reading.release()

    def forget(self) -> None:
        self.report = None


_kept = _Kept()


def current_report() -> Report:
    """The report, some seconds old at most."""
    return _kept.current()


def forget() -> None:
    """The next one is read anew."""
    _kept.forget()


def read_report() -> Report:
    """What is known right now. Never raises for a server that is away."""
    now = clock.utc(clock.now_ms())
    try:
        return _known(now)
    except DatabaseError as fault:
        logger.warning("the status page's history cannot be read: %s", fault)
        return _without_history(now)


def _known(now: datetime) -> Report:
    minutes, outages = _minutes(now), _outages()
    waiting = backlog()
    open_kinds = {one.kind for one in outages if one.ended_at is None}
    worst = next((kind for kind in ("emergency", "outage", "degraded") if kind in open_kinds), None)
    verdict = judge(now, [found for _, found in minutes if found], takes=_takes(waiting), outage=worst)
    facts = soundness().facts
    signed = facts.checkpoint
    return Report(
        as_of=now,
        now=verdict,
        minutes=minutes,
        days=_days(now),
        outages=outages,
        oldest_s=waiting.oldest_s,
        signed=Signed(signed.size if signed else 0, signed.signed_at if signed else None, facts.waiting_s),
    )


def _without_history(now: datetime) -> Report:
    """While PostgreSQL is away: whether the stores answer is all that can be said, and sales are taken without it."""
    return Report(
        as_of=now,
        now=judge(now, [], takes=_stores_take(), outage=None),
        minutes=_calendar(now, {}),
        days=tuple((day, None) for day in _last_days(now)),
        outages=(),
        oldest_s=None,
        signed=None,
    )


def _takes(waiting: Backlog) -> bool:
    """Whether a till of any shard would be answered with a code."""
    return waiting.is_store_reachable and not any("takes no sales" in why for why in waiting.stopped.values())


def _stores_take() -> bool:
    try:
        return all(
            head.epoch
            for index, client in enumerate(stores().clients)
            for head in read_heads(client, [one for one in range(SHARD_COUNT) if stores().index(one) == index])
        )
    except (RedisError, OSError):
        return False


def _minutes(now: datetime) -> tuple[tuple[datetime, MinuteFigures | None], ...]:
    running = now.replace(second=0, microsecond=0)
    rows = StatusMinute.objects.filter(minute__gte=running - MINUTES * MINUTE, minute__lt=running)
    columns = (
        "minute",
        "asked",
        "accepted",
        "offline",
        "waits",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "oldest_s",
        "unsigned_s",
    )
    found = [MinuteFigures(*row) for row in rows.order_by("minute").values_list(*columns)]
    return _calendar(now, {one.minute: one for one in found})


def _calendar(now: datetime, found: dict[datetime, MinuteFigures]) -> tuple[tuple[datetime, MinuteFigures | None], ...]:
    running = now.replace(second=0, microsecond=0)
    asked = [running - number * MINUTE for number in range(MINUTES, 0, -1)]
    return tuple((minute, found.get(minute)) for minute in asked)


def _days(now: datetime) -> tuple[tuple[date, Day | None], ...]:
    days = _last_days(now)
    columns = ("day", "good", "bad", "idle", "unknown")
    found = {row[0]: Day(*row) for row in StatusDay.objects.filter(day__gte=days[0]).values_list(*columns)}
    return tuple((day, found.get(day)) for day in days)


def _last_days(now: datetime) -> list[date]:
    today = now.astimezone(zone()).date()
    return [today - timedelta(days=number) for number in range(DAYS - 1, -1, -1)]


def _outages() -> tuple[Declared, ...]:
    """The newest ones. One that was ended at its beginning was declared by mistake."""
    rows = Outage.objects.order_by("-began_at").values_list("kind", "began_at", "ended_at")[:OUTAGES_MAX]
    return tuple(Declared(*row) for row in rows if row[1] != row[2])
