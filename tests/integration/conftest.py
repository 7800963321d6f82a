"""The database's roles, and a day that no other test uses."""

from collections.abc import Iterator
from datetime import date

import pytest
import redis

from tests.roles import drop_day, make_roles

FAR_DAY = date(2031, 5, 6)


@pytest.fixture
def roles(ledger: redis.Redis) -> None:
    """The roles with their rights on the test's tables."""
    make_roles()


@pytest.fixture
def far_day(roles: None) -> Iterator[date]:
    """A day that has no partitions, and has none afterwards."""
    yield FAR_DAY
    drop_day(FAR_DAY)
