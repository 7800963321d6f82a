"""What the tests of API keys share: everybody, an empty count of limits, and keys by the names of their people."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache

from portal.keys.models import ApiKey
from portal.keys.operations import make_key
from portal.models import Membership
from possys.clock import now_ms, utc
from tests.cast import RetailCast, make_retail_cast

MakeKey = Callable[[str], tuple[str, ApiKey]]


@pytest.fixture
def crew(db: None) -> Iterator[RetailCast]:
    cache.clear()
    yield make_retail_cast()
    cache.clear()


@pytest.fixture
def key_of(crew: RetailCast) -> MakeKey:
    """Makes a key of the member with this login; answers its token and its row."""

    def make(name: str) -> tuple[str, ApiKey]:
        member = Membership.objects.get(user__username=name)
        token = make_key(member, name=f"key of {name}", now=utc(now_ms()))
        return token, ApiKey.objects.latest("pk")

    return make
