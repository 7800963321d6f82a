"""How long a web process's threads wait for PostgreSQL, with a real one that is slow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connections

from possys.database import patience as rules
from possys.database.patience import patience

# Of two threads one may wait for long.
THREADS = 2


@pytest.fixture
def _switched_on(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rules, "SLOW_S", 0.3)
    patience.switch_on(THREADS)
    yield
    patience.places = None


def run(statement: str) -> object:
    """In a thread of its own, as a page."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]
    finally:
        connections.close_all()


@pytest.mark.usefixtures("_switched_on")
def test_one_thread_less_than_there_are_waits_for_slow_statements_and_quick_ones_go_on() -> None:
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(run, "SELECT 'slow' FROM pg_sleep(2)") for _ in range(2)]
        faults = [one.exception() for one in slow]
        assert [one.result() for one in slow if one.exception() is None] == ["slow"]
        assert [type(fault) for fault in faults if fault] == [OperationalError]
        assert "too many others wait" in str(next(filter(None, faults)))
        again = pool.submit(run, "SELECT 'slow' FROM pg_sleep(1)")
        assert {pool.submit(run, "SELECT 'quick'").result() for _ in range(20)} == {"quick"}
        assert again.result() == "slow"
    assert patience._taken == 0


@pytest.mark.usefixtures("_switched_on")
def test_nobody_waits_for_longer_than_whoever_asked_and_the_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LONGEST_S", 0.5)
    with ThreadPoolExecutor(1) as pool:
        fault = pool.submit(run, "SELECT 'slow' FROM pg_sleep(60)").exception()
        assert isinstance(fault, OperationalError)
        assert pool.submit(run, "SELECT 'quick'").result() == "quick"
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid != pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,), "the server still works for nobody"


@pytest.mark.django_db(transaction=True)
def test_whoever_has_nothing_better_to_do_waits() -> None:
    assert patience.places is None
    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(run, "SELECT 'slow' FROM pg_sleep(1.5)") for _ in range(2)]] == [
            "slow", "slow",
        ]  # fmt: skip
