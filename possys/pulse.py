"""What all processes do, counted together: requests and their times, sales by outcome, flushes.

A process adds to counts in its memory; a thread of its own pushes them into the cache server about once a second, where
those of all processes meet. So whichever process is asked says the same. Figures, never evidence: a process that is
killed takes the counts of its last second along, and a cache that is wiped begins again at nothing.

    pulse:total       hash of every count since the cache server began
    pulse:m:<minute>  hash of the counts of one minute since 1970, gone after MINUTES_KEPT

A field of these hashes is `name|label=value|label=value`; of a histogram `name|label=value|le=<upper bound>`, counted
cumulatively, and `name|label=value|sum`.
"""

import atexit
import logging
import math
import os
import threading
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import redis
from django.conf import settings
from redis.exceptions import RedisError

from possys.redis import connect

logger = logging.getLogger(__name__)

PUSH_S = 1.0
# Long enough for whoever folds minutes into a table to have been away for lunch.
MINUTES_KEPT = 180
S_PER_MINUTE = 60
MS_PER_MINUTE = 60_000
# Counts that one process remembers until they are pushed; a cache that is away for hours must not fill the memory.
FIELDS_MAX = 20_000
# The cache answers in less than a millisecond; a thread that waits longer keeps nobody but itself.
TIMEOUT_S = 2.0
TOTAL = "pulse:total"


class Histogram(NamedTuple):
    """A distribution's name and the upper bounds of its buckets, in base units; one without a bound is implied."""

    name: str
    bounds: tuple[float, ...]


# From a keep-alive request for one sale up to what gunicorn cuts off.
REQUEST_SECONDS = Histogram(
    "request_seconds", (0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)
)
FLUSH_SECONDS = Histogram("flush_seconds", (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0))
FLUSH_RECORDS = Histogram("flush_records", (1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 65_536))


class Distribution(NamedTuple):
    """A histogram's counts: `buckets` are (upper bound, how many at most so large), the last of them without bound."""

    buckets: tuple[tuple[float, float], ...]
    total: float

    @property
    def observed(self) -> float:
        """How many were observed."""
        return self.buckets[-1][1]

    def quantile(self, share: float) -> float | None:
        """The value below which that share lies, as if each bucket were filled evenly; None of nothing.

        What lies above the last bound is answered with that bound: it is at least so much.
        """
        if not self.observed:
            return None
        wanted = share * self.observed
        below_bound = below_count = 0.0
        for bound, count in self.buckets:
            if count >= wanted and count > below_count:
                if math.isinf(bound):
                    break
                return below_bound + (bound - below_bound) * (wanted - below_count) / (count - below_count)
            if not math.isinf(bound):
                below_bound, below_count = bound, count
        return below_bound


class Counts:
    """Counts as they were read."""

    def __init__(self, fields: Mapping[str, float]) -> None:
        self.fields = dict(fields)

    def value(self, name: str, **labels: str) -> float:
        """One count; 0 when nobody has counted it."""
        return self.fields.get(field_of(name, **labels), 0.0)

    def by_labels(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Every count of that name with its labels."""
        found = []
        for field, value in self.fields.items():
            own, *parts = field.split("|")
            if own == name:
                found.append((dict(part.split("=", 1) for part in parts if "=" in part), value))
        return found

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """The counts of that name, added up by one of their labels."""
        added: dict[str, float] = {}
        for labels, value in self.by_labels(name):
            if label in labels:
                added[labels[label]] = added.get(labels[label], 0.0) + value
        return added

    def histogram(self, histogram: Histogram, **labels: str) -> Distribution:
        """One distribution; empty when nobody has observed anything."""
        bounds = (*histogram.bounds, math.inf)
        buckets = tuple((bound, self.fields.get(_bucket_of(histogram, bound, **labels), 0.0)) for bound in bounds)
        return Distribution(buckets, self.fields.get(f"{field_of(histogram.name, **labels)}|sum", 0.0))

    def __add__(self, other: "Counts") -> "Counts":
        added = dict(self.fields)
        for field, value in other.fields.items():
            added[field] = added.get(field, 0.0) + value
        return Counts(added)


class Minute(NamedTuple):
    """The counts of one minute: `start_ms` since 1970."""

    start_ms: int
    counts: Counts


@lru_cache(maxsize=FIELDS_MAX)
def field_of(name: str, **labels: str) -> str:
    """A count's field in the hashes; its labels in the alphabet's order, without what divides fields."""
    parts = [f"{label}={value.translate(_NO_DIVIDERS)}" for label, value in sorted(labels.items())]
    return "|".join((name, *parts))


_NO_DIVIDERS = str.maketrans("|=", "__")


@lru_cache(maxsize=FIELDS_MAX)
def _bucket_of(histogram: Histogram, bound: float, **labels: str) -> str:
    return f"{field_of(histogram.name, **labels)}|le={bound:g}"


class _Memory:
    """This process's counts that are not pushed yet, by minute and field, and the thread that pushes them."""

    lock: threading.Lock
    counts: dict[tuple[int, str], float]
    thread: threading.Thread | None

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """A forked child has none of its parent's threads, and its counts are the parent's to push."""
        self.lock = threading.Lock()
        self.counts = {}
        self.thread = None

    def add(self, fields: Iterable[tuple[str, float]]) -> None:
        minute = int(time.time()) // S_PER_MINUTE
        with self.lock:
            for field, amount in fields:
                key = (minute, field)
                if key in self.counts:
                    self.counts[key] += amount
                elif len(self.counts) < FIELDS_MAX:
                    self.counts[key] = amount
            if self.thread is None:
                self.thread = threading.Thread(target=_push_for_ever, args=[self], name="pulse", daemon=True)
                self.thread.start()

    def take(self) -> dict[tuple[int, str], float]:
        with self.lock:
            taken, self.counts = self.counts, {}
        return taken

    def put_back(self, taken: Mapping[tuple[int, str], float]) -> None:
        with self.lock:
            for key, amount in taken.items():
                if key in self.counts or len(self.counts) < FIELDS_MAX:
                    self.counts[key] = self.counts.get(key, 0) + amount


_memory = _Memory()


def _begin_anew() -> None:
    _memory.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)


def add(name: str, amount: float = 1, **labels: str) -> None:
    """Adds to a count. Costs about a microsecond and never waits for the cache."""
    _memory.add([(field_of(name, **labels), amount)])


def observe(histogram: Histogram, value: float, **labels: str) -> None:
    """Adds one value, in the histogram's base unit, to a distribution."""
    fields = [(_bucket_of(histogram, bound, **labels), 1.0) for bound in histogram.bounds if value <= bound]
    fields.append((_bucket_of(histogram, math.inf, **labels), 1.0))
    fields.append((f"{field_of(histogram.name, **labels)}|sum", value))
    _memory.add(fields)


def push() -> bool:
    """Pushes what this process has counted; false when the cache is away, and then all of it is kept for the next time.

    A push whose answer was lost may be counted twice.
    """
    return _push(_memory)


def _push(memory: _Memory) -> bool:
    taken = memory.take()
    if not taken:
        return True
    try:
        pipeline = _client(settings.CACHE_URL).pipeline(transaction=True)
        for (minute, field), amount in taken.items():
            for key in (TOTAL, _minute_key(minute)):
                if float(amount).is_integer():
                    pipeline.hincrby(key, field, int(amount))
                else:
                    pipeline.hincrbyfloat(key, field, amount)
        for minute in {minute for minute, _ in taken}:
            pipeline.expire(_minute_key(minute), MINUTES_KEPT * S_PER_MINUTE)
        pipeline.execute()
    except (RedisError, OSError):
        memory.put_back(taken)
        return False
    return True


def _push_for_ever(memory: _Memory) -> None:
    was_good = True
    while True:
        time.sleep(PUSH_S)
        try:
            is_good = _push(memory)
        # Whatever it is, counting must go on: nobody would start this thread again.
        except Exception:
            logger.exception("counts cannot be pushed")
            continue
        if is_good != was_good:
            logger.warning("counts %s", "are pushed again" if is_good else "wait: the cache cannot be reached")
        was_good = is_good


def totals() -> Counts:
    """All counts since the cache server's began. Raises RedisError, OSError."""
    return _read(_client(settings.CACHE_URL).hgetall(TOTAL))


def minutes(newest: int) -> list[Minute]:
    """The newest minutes, the running one last; at most MINUTES_KEPT. Raises RedisError, OSError."""
    running = int(time.time()) // S_PER_MINUTE
    asked = range(running - min(newest, MINUTES_KEPT) + 1, running + 1)
    pipeline = _client(settings.CACHE_URL).pipeline(transaction=False)
    for minute in asked:
        pipeline.hgetall(_minute_key(minute))
    read = pipeline.execute()
    return [Minute(minute * MS_PER_MINUTE, _read(found)) for minute, found in zip(asked, read, strict=True)]


def _read(found: Any) -> Counts:
    return Counts({field.decode(): float(value) for field, value in found.items()})


def _minute_key(minute: int) -> str:
    return f"pulse:m:{minute}"


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return connect(url, timeout_s=TIMEOUT_S)


@atexit.register
def _push_last() -> None:
    # Only where something was counted; a process that ends must not wait for a cache that is away.
    if _memory.thread is not None:
        push()
