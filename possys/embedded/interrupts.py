"""Ctrl-C and its like: when they stop a run, when they wait, and when they are too late."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# A terminal's Ctrl-C, `kill`, a terminal that closes.
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_on_signals() -> None:
    """Have each of them raise KeyboardInterrupt, so that everything is stopped in order.

    SIGINT too: a shell script starts its background jobs with it ignored, and Python would leave it so.
    """
    for number in INTERRUPTS:
        signal.signal(number, _interrupt)


def ignore_interrupts() -> None:
    """Have none of them disturb an orderly stop."""
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Hold them back until the end of the block, and interrupt then if there was one."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: came.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
