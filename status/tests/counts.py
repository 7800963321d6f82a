"""Minutes as all processes would have counted them, put into the cache for tests."""

from datetime import datetime, timedelta

import redis
from django.conf import settings

from possys import pulse
from possys.pulse import REQUEST_SECONDS
from status.folding import BEAT

MINUTE = timedelta(minutes=1)


def count_minute(at: datetime, *, seconds: float = 0.03, **outcomes: int) -> None:
    """A minute in which each sale was answered by itself, after so many seconds; a beat was counted in any case."""
    fields: dict[str, float] = {BEAT: 3}
    for outcome, number in outcomes.items():
        name = "capture_offline_sales" if outcome == "offline" else pulse.field_of("capture_sales", outcome=outcome)
        fields[name] = number
    answered = sum(number for outcome, number in outcomes.items() if outcome != "offline")
    for bound in (*REQUEST_SECONDS.bounds, float("inf")):
        if seconds <= bound:
            fields[f"{pulse.field_of('request_seconds', area='capture')}|le={bound:g}"] = answered
    with redis.Redis.from_url(settings.CACHE_URL) as client:
        client.hset(_key(at), mapping=fields)


def lose_minute(at: datetime) -> None:
    """Takes a minute's counts away, as a cache does that is started anew."""
    with redis.Redis.from_url(settings.CACHE_URL) as client:
        client.delete(_key(at))


def _key(at: datetime) -> str:
    return f"pulse:m:{int(at.timestamp()) // 60}"
