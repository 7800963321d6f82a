"""Runs parts in processes of their own, each with its own connections; with one process, in this one."""

import gc
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple

from django.db import connections

from ledger.verification.tally import Tally


class Part(NamedTuple):
    """A piece of work for one process; `weight` counts as so many records read."""

    work: Callable[..., Tally]
    arguments: tuple[Any, ...]
    weight: float


Done = Callable[[Part, Tally], None]


def run_parts(parts: Sequence[Part], workers: int, done: Done) -> None:
    """Runs all parts, the heaviest first, and calls `done` with each part's tally as it comes.

    Raises what a part raised, and BrokenProcessPool when a process was killed.
    """
    ordered = sorted(parts, key=lambda part: -part.weight)
    if min(workers, len(parts)) <= 1:
        for part in ordered:
            done(part, part.work(*part.arguments))
        return
    # A forked process must not share this one's connections; what it needs besides is loaded already.
    connections.close_all()
    pool = ProcessPoolExecutor(
        min(workers, len(parts)), mp_context=multiprocessing.get_context("fork"), initializer=_begin
    )
    try:
        futures = {pool.submit(part.work, *part.arguments): part for part in ordered}
        for future in as_completed(futures):
            done(futures[future], future.result())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    # Records by the million, and no cycles among them.
    gc.disable()
