"""A worker that is told to stop tells the processes of its pool."""

import os
from collections.abc import Iterator

import pytest
import redis
from celery.signals import worker_init, worker_shutting_down

from ledger.tasks import Hold
from possys import stopping


@pytest.fixture
def worker() -> Iterator[None]:
    """This process as a worker's main one."""
    worker_init.send(sender=None)
    yield
    stopping._told = None


def test_a_process_that_is_no_worker_is_never_stopping() -> None:
    worker_shutting_down.send(sender=None, sig="TERM", how="Warm", exitcode=0)
    assert not stopping.is_stopping()


def test_a_process_of_the_pool_learns_that_its_worker_stops_and_gives_its_work_up(
    worker: None, store: redis.Redis
) -> None:
    hold = Hold(store, "hold")
    assert hold()
    # What the parent is told later reaches a child that was forked before.
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(told, 1)
        os._exit(7 if stopping.is_stopping() else 8)
    worker_shutting_down.send(sender=None, sig="TERM", how="Warm", exitcode=0)
    os.write(tell, b".")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert not hold()
