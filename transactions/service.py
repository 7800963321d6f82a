"""This process's capture, made once from the settings."""

from functools import lru_cache

from django.conf import settings

from possys import receipt_keys
from possys.redis import Stores
from transactions.capture import Capture, Limits
from transactions.counts import count
from transactions.stream import SHARD_COUNT


@lru_cache(maxsize=1)
def stores() -> Stores:
    """The capture stores of REDIS_URL (several, separated by commas, share out the shards)."""
    return Stores(settings.REDIS_URL.split(","), SHARD_COUNT)


@lru_cache(maxsize=1)
def capture() -> Capture:
    """The capture of this process."""
    limits = Limits(
        past_days=settings.CAPTURE_PAST_DAYS,
        future_days=settings.CAPTURE_FUTURE_DAYS,
        sales_per_minute=settings.TERMINAL_RATE_PER_MINUTE,
        replicas_min=settings.STORE_REPLICAS_MIN,
        offline_hours=settings.OFFLINE_ALLOWED_HOURS,
        credential_notice_days=settings.CREDENTIAL_NOTICE_DAYS,
    )
    return Capture(stores=stores(), keys=receipt_keys.table(), limits=limits, links=receipt_keys.links(), count=count)
