"""Flushes everything that waits with as many processes as there are flush workers."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier

from django.db import connections

from benchmarks.load import LoadError
from benchmarks.run import Run
from ledger.flush import flush_all
from ledger.shards import group
from possys.embedded.site import FLUSH_WORKERS

BARRIER_LIMIT_S = 60

Work = Callable[[int], None]


def drain(run: Run) -> float:
    """Flushes all; answers the seconds that it took. Raises LoadError when a process failed or anything is left."""
    took_s = in_processes(FLUSH_WORKERS, _flush_group)
    if left := run.waiting():
        raise LoadError(f"{left} sales still wait after a flush of everything")
    return took_s


def _flush_group(number: int) -> None:
    done = flush_all(group(number, FLUSH_WORKERS))
    if done.stopped:
        raise LoadError(f"shards stopped: {done.stopped}")


def in_processes(count: int, work: Work) -> float:
    """Runs `work(number)` in forked processes at once; answers the seconds from the common start to the last end."""
    # A forked child must not share the parent's connections.
    connections.close_all()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count + 1)
    children = [context.Process(target=_work, args=(work, number, barrier), daemon=True) for number in range(count)]
    for child in children:
        child.start()
    barrier.wait(BARRIER_LIMIT_S)
    began_s = time.monotonic()
    for child in children:
        child.join()
    took_s = time.monotonic() - began_s
    if any(child.exitcode for child in children):
        raise LoadError(f"a process ended with {[child.exitcode for child in children]}")
    return took_s


def _work(work: Work, number: int, barrier: Barrier) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    barrier.wait(BARRIER_LIMIT_S)
    work(number)
    connections.close_all()
