"""What the tests of the customer's site look at: recorded sales and their codes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from possys.redis import Stores
from tests.tills import Till
from transactions import queries
from transactions.stream import SHARD_COUNT

# A port on which nobody listens, as of a store that is down.
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def record(till: Till, flush_everything: Callable[[], object]) -> Callable[..., str]:
    """Sends a sale of the till with these fields changed and flushes it; answers its code."""

    def record(**changes: Any) -> str:
        answer = till.send(till.sale(**changes))
        assert answer.status == 201, answer.body
        flush_everything()
        return str(answer.json()["code"])

    return record


@pytest.fixture
def store_away(ledger: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes lookups find no capture store from now on, as when its machine is unplugged."""

    def away() -> None:
        assert settings.REDIS_URL != NOBODY
        stores = Stores([NOBODY], SHARD_COUNT)
        monkeypatch.setattr(queries, "stores", lambda: stores)

    return away


@pytest.fixture
def database_away(ledger: redis.Redis) -> Iterator[Callable[[], None]]:
    """Makes lookups find no PostgreSQL from now on; it is back before the test's tables are emptied."""
    port = connection.settings_dict["PORT"]

    def away() -> None:
        connection.close()
        connection.settings_dict["PORT"] = 1

    yield away
    connection.settings_dict["PORT"] = port
