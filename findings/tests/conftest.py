"""A history of tills whose clock is the test's."""

import pytest
import redis

from findings.tests.history import History


@pytest.fixture
def history(ledger: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> History:
    """An empty ledger, and nobody's history yet."""
    return History(monkeypatch)
