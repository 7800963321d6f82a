"""Tells a Celery worker's pool that the worker was told to stop: tasks of half a minute end at their next round.

Celery tells only its main process, which then waits for the pool. The pool's processes are forked from it and share one
byte with it; in any other process nothing is ever set.
"""

import multiprocessing
from typing import Any

from celery.signals import worker_init, worker_shutting_down

# Without a lock: it is set within a signal's handler, and only once.
_told: Any = None


@worker_init.connect
def share(**kwargs: Any) -> None:
    """Before the pool is forked."""
    global _told  # noqa: PLW0603 (one for the process and those that it forks)
    _told = multiprocessing.RawValue("b", 0)


@worker_shutting_down.connect
def tell(**kwargs: Any) -> None:
    """SIGTERM came: a warm shutdown."""
    if _told is not None:
        _told.value = 1


def is_stopping() -> bool:
    """Whether this worker was told to stop."""
    return _told is not None and bool(_told.value)
