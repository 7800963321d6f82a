"""The only place that reads the clock, and what the rest makes of a time."""

import time
from datetime import UTC, datetime, timedelta

MS_PER_S = 1000


def now_ms() -> int:
    """Milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


def iso_utc(moment_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-23T09:00:00.123Z`."""
    seconds, ms = divmod(moment_ms, MS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def utc(moment_ms: int) -> datetime:
    """The aware datetime of a moment in milliseconds since 1970."""
    return datetime.fromtimestamp(moment_ms / MS_PER_S, UTC)


def lasting(span: timedelta) -> str:
    """How long, in the largest whole unit: `40 s`, `5 min`, `3 h`, `2 days`; never less than nothing."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 60 * 60:
        return f"{seconds // 60} min"
    hours = seconds // 3600
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
