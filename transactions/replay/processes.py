"""Running a replay: worker processes, forked after the baskets are loaded, each with a few lanes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import FrameType

from transactions.replay.acknowledgements import AcknowledgementFile
from transactions.replay.delivery import Delivery
from transactions.replay.lanes import Lane, Plan, StoreTills, shares
from transactions.replay.sequences import Sequences
from transactions.replay.source import Year
from transactions.replay.tally import Tally

# A lane waits for its answers, so a few of them keep one processor busy; more would only queue at the server.
LANES_PER_WORKER = 8
SHOW_EVERY_S = 1.0


class WorkerFailedError(Exception):
    """A worker process ended with an error, which it has printed."""


@dataclass(frozen=True, slots=True)
class Job:
    """A plan with all that its workers need."""

    plan: Plan
    year: Year
    tills: Mapping[int, StoreTills]
    workers: int
    acknowledgements: Path
    sequences: Path

    @property
    def terminal_max(self) -> int:
        """The highest terminal number, which sizes the file of sequences."""
        return max(number for tills in self.tills.values() for number, _ in tills.terminals)


def work(job: Job, tally: Tally, places: Sequence[int], dealt: Sequence[Sequence[int]]) -> None:
    """One worker process: a thread a lane. Ends with exit code 1 when a lane failed."""
    parent, stop, failures = os.getppid(), threading.Event(), list[BaseException]()
    # Ctrl-C reaches the whole terminal; only the parent acts on it, and tells the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    file = AcknowledgementFile(job.acknowledgements)
    sequences = Sequences(job.sequences, job.terminal_max)

    def run_lane(place: int) -> None:
        batched = job.plan.batch > 1
        delivery = Delivery(url=job.plan.url, batched=batched, file=file, tally=tally.lane(place), stop=stop)
        lane = Lane(job.plan, dealt[place], job.year, job.tills, sequences, delivery, stop)
        try:
            lane.run()
        except BaseException as fault:
            failures.append(fault)
            stop.set()
            raise

    threads = [threading.Thread(target=run_lane, args=(place,), name=f"lane {place}") for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(SHOW_EVERY_S)
            if os.getppid() != parent:
                stop.set()
    sequences.close()
    file.close()
    if failures:
        os._exit(1)


def run(job: Job, show: Callable[[Tally], None]) -> Tally:
    """Runs to the end, or until SIGTERM or SIGINT, then finishes what is in flight; shows itself each second.

    Raises WorkerFailedError when a worker ended with an error.
    """
    dealt = shares(job.plan, job.year, job.workers * LANES_PER_WORKER)
    tally = Tally(len(dealt))
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    # Forked, so that the arrays of the year are shared and not loaded again.
    fork = multiprocessing.get_context("fork")
    workers = [
        fork.Process(target=work, args=(job, tally, range(first, len(dealt), job.workers), dealt))
        for first in range(min(job.workers, len(dealt)))
    ]
    try:
        for worker in workers:
            worker.start()
        watch(workers, stopped, lambda: show(tally))
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
        for number, handler in before.items():
            signal.signal(number, handler)
    show(tally)
    if any(worker.exitcode for worker in workers):
        raise WorkerFailedError("a worker ended with an error, see above")
    return tally


def watch(workers: list[ForkProcess], stopped: threading.Event, show: Callable[[], None]) -> None:
    """Waits for the workers; passes a stop, and the failure of one, on to the others."""
    told = False
    while alive := [worker for worker in workers if worker.is_alive()]:
        failed = any(worker.exitcode for worker in workers)
        if (stopped.is_set() or failed) and not told:
            told = True
            for worker in alive:
                worker.terminate()
        wait([worker.sentinel for worker in alive], timeout=SHOW_EVERY_S)
        show()
