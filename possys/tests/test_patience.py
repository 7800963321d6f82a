"""How long a web process's threads wait for PostgreSQL, with a real one that is slow."""

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest
from django.db import OperationalError, connections

from possys.database import patience as rules
from possys.database.patience import patience

# Of two threads one may wait for long.
THREADS = 2
# Less than the statement that nobody waits for would take.
HANG_LIMIT_S = 30
AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"


@pytest.fixture
def _switched_on(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rules, "SLOW_S", 0.3)
    # However busy the machine is, its server is not taken for a frozen one.
    monkeypatch.setattr(rules, "DOUBT_S", 600.0)
    monkeypatch.setattr(rules, "FROZEN_S", 600.0)
    patience.switch_on(THREADS)
    yield
    patience.places = None


def ask(statement: str) -> object:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def run(statement: str) -> object:
    """In a thread of its own, as a page."""
    try:
        return ask(statement)
    finally:
        connections.close_all()


@pytest.mark.usefixtures("_switched_on")
def test_one_thread_less_than_there_are_waits_for_slow_statements_and_quick_ones_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask("SELECT pg_advisory_lock(1)")
    with ThreadPoolExecutor(3) as pool:
        try:
            waiting = [pool.submit(run, "SELECT pg_advisory_lock(1), 'slow'") for _ in range(2)]
            [given_up], [waits] = wait(waiting, return_when=FIRST_COMPLETED)
            fault = given_up.exception()
            assert isinstance(fault, OperationalError)
            assert "too many others wait" in str(fault)
            monkeypatch.setattr(rules, "BRIEF_S", 600.0)
            assert {pool.submit(run, "SELECT 'quick'").result() for _ in range(20)} == {"quick"}
            assert not waits.done()
        finally:
            ask("SELECT pg_advisory_unlock(1)")
        assert waits.exception() is None
    assert patience._taken == 0


@pytest.mark.usefixtures("_switched_on")
def test_nobody_waits_for_longer_than_whoever_asked_and_the_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(1) as pool:
        with monkeypatch.context() as patched:
            patched.setattr(rules, "LONGEST_S", 0.5)
            fault = pool.submit(run, "SELECT 'slow' FROM pg_sleep(60)").exception()
        assert isinstance(fault, OperationalError)
        assert pool.submit(run, "SELECT 'quick'").result() == "quick"
    limit = time.monotonic() + HANG_LIMIT_S
    while ask(AT_WORK) != 0:
        assert time.monotonic() < limit, "the server still works for nobody"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_whoever_has_nothing_better_to_do_waits() -> None:
    assert patience.places is None
    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(run, "SELECT 'slow' FROM pg_sleep(1.5)") for _ in range(2)]] == [
            "slow", "slow",
        ]  # fmt: skip
