"""How far a file of tills is, in figures and in a sentence. Pure."""

from typing import NamedTuple

from fleet.models import Import
from transactions.models import Life

State = Import.State
# Before that nobody can say how long the rest takes.
ROWS_SAID_FROM = 1
S_PER_MINUTE = 60


class Progress(NamedTuple):
    """How far a file is; `left_s` is None while nobody can say."""

    percent: int
    rate: int
    left_s: int | None


def progress_of(run: Import) -> Progress:
    """Rows a second since the beginning, and what is left at that pace; whole per cent, rounded down."""
    percent = 100 * run.rows_checked // run.rows_total if run.rows_total else 0
    spent = (run.moved_at - run.started_at).total_seconds() if run.moved_at and run.started_at else 0.0
    if run.rows_checked < ROWS_SAID_FROM or spent <= 0:
        return Progress(percent, 0, None)
    rate = run.rows_checked / spent
    return Progress(percent, round(rate), round((run.rows_total - run.rows_checked) / rate))


def line_of(run: Import) -> str:
    """One line for a terminal: `12,000 of 48,000 rows (25%), 11,900 new, 40 already there, 60 faulty, 9 s left`."""
    found = progress_of(run)
    left = "" if found.left_s is None or run.is_over else f", {lasts(found.left_s)} left"
    return (
        f"{run.rows_checked:,} of {run.rows_total:,} rows ({found.percent}%), {run.rows_enrolled:,} new, "
        f"{run.rows_there:,} already there, {run.rows_faulty:,} faulty{left}"
    )


def said(run: Import) -> str:
    """What is going on, for people."""
    found = progress_of(run)
    if run.state == State.WAITING:
        return "Waits for its turn; it begins within seconds."
    if run.state == State.RUNNING:
        left = "" if found.left_s is None else f" About {lasts(found.left_s)} left."
        return f"{found.percent}% of the rows are checked.{left}"
    if run.state == State.STOPPED:
        return "Was stopped. What was enrolled before stays, and it can go on where it was."
    if run.state == State.FAILED:
        return f"Ended with an error: {run.error} What was enrolled before stays, and it can go on where it was."
    return _done(run)


# How the tills of a file begin, behind "New tills".
BEGINNINGS: dict[str, str] = {
    Life.ENROLLED: "wait for their one-time codes",
    Life.TESTING: "only send training sales",
    Life.ACTIVE: "sell at once",
}


def lasts(seconds: int) -> str:
    """A short time: `9 s`, `3 min 20 s`."""
    minutes, rest = divmod(seconds, S_PER_MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _done(run: Import) -> str:
    tills = f"{run.rows_enrolled:,} till{'' if run.rows_enrolled == 1 else 's'}"
    if run.is_dry_run:
        begun = f"Only checked, nothing was enrolled: {tills} would be"
    else:
        begun = f"{tills} {'is' if run.rows_enrolled == 1 else 'are'} enrolled"
    faulty = f", {run.rows_faulty:,} row{' is' if run.rows_faulty == 1 else 's are'} faulty" if run.rows_faulty else ""
    there = f", {run.rows_there:,} {'was' if run.rows_there == 1 else 'were'} there already" if run.rows_there else ""
    return f"{begun}{there}{faulty}."
