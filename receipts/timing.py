"""Answers that must not tell by their time what was wrong."""

import time

MS_PER_S = 1000
# Every miss of a code, a link's key or a total: above what finding out takes, below what a person notices.
CODE_MISS_MS = 100


def hold(started_s: float, floor_ms: int) -> None:
    """Waits until so many milliseconds have passed since `started_s`, a `time.monotonic()`.

    What the work took cannot be seen from outside, as long as it stays below the floor. Waiting keeps one of gunicorn's
    threads busy: whoever calls this has counted the client against a limit first.
    """
    rest_s = started_s + floor_ms / MS_PER_S - time.monotonic()
    if rest_s > 0:
        time.sleep(rest_s)
