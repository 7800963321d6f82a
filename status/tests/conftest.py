"""An empty cache and a report that is read anew, for each test."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from status import report


@pytest.fixture
def counts() -> Iterator[None]:
    """No process has counted anything."""
    _empty()
    report.forget()
    yield
    _empty()
    report.forget()


def _empty() -> None:
    with redis.Redis.from_url(settings.CACHE_URL) as client:
        for key in client.scan_iter("pulse:*"):
            client.delete(key)
