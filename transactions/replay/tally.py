"""Counters of a running replay in memory that its processes share: a row a lane, all read by the screen."""

import math
import mmap
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from transactions.replay.acknowledgements import Sent

# No answer came.
LOST = 0
STATUSES_MAX = 600
# Answer times fall into buckets 5 in 100 wide, from 0.1 ms to more than two minutes.
BUCKET_FIRST_MS = 0.1
BUCKET_RATIO = 1.05
BUCKETS = 300
CODE_BYTES = 19
PROBLEM_BYTES = 240

Integers = npt.NDArray[np.int64]
ROW = np.dtype(
    [
        ("acknowledged", np.int64),
        ("replayed", np.int64),
        ("refunds", np.int64),
        ("unknown", np.int64),
        ("statuses", np.int64, STATUSES_MAX),
        ("took", np.int64, BUCKETS),
        ("code_at_ns", np.int64),
        ("code", f"S{CODE_BYTES}"),
        ("problem_at_ns", np.int64),
        ("problem", f"S{PROBLEM_BYTES}"),
    ]
)


class Answered(Protocol):
    """An answer to one sale, as far as it is counted."""

    @property
    def status(self) -> int: ...
    @property
    def code(self) -> str | None: ...
    @property
    def problem(self) -> str: ...


class LaneTally:
    """One lane's row."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def took(self, seconds: float) -> None:
        """Counts one request's answer time."""
        place = math.log(max(seconds * 1000, BUCKET_FIRST_MS) / BUCKET_FIRST_MS) / math.log(BUCKET_RATIO)
        self._row["took"][min(int(place), BUCKETS - 1)] += 1

    def answered(self, sales: Sequence[Sent], answers: Sequence[Answered]) -> None:
        """Counts the answers to sales, after the acknowledged ones are in the file."""
        row = self._row
        for sale, answer in zip(sales, answers, strict=True):
            if answer.code is None:
                row["statuses"][min(answer.status, STATUSES_MAX - 1)] += 1
                row["problem"] = f"{answer.status or 'no answer'}: {answer.problem}".encode("ascii", "replace")
                row["problem_at_ns"] = time.time_ns()
                continue
            row["acknowledged"] += 1
            row["replayed"] += answer.status == 200
            row["refunds"] += sale.is_refund
            row["code"] = answer.code.encode("ascii", "replace")
            row["code_at_ns"] = time.time_ns()

    def unknown(self, count: int) -> None:
        """Counts sales that were sent and never answered."""
        self._row["unknown"] += count


class Tally:
    """The rows of all lanes; made before the processes are forked."""

    def __init__(self, lanes: int) -> None:
        self._rows = np.frombuffer(mmap.mmap(-1, max(lanes, 1) * ROW.itemsize), dtype=ROW)

    def lane(self, place: int) -> LaneTally:
        """The row that one lane alone may write."""
        return LaneTally(self._rows[place])

    def sum(self, name: str) -> int:
        """One counter over all lanes."""
        return int(self._rows[name].sum())

    def statuses(self) -> dict[int, int]:
        """How often each status that is no acknowledgement was answered to a sale; LOST for no answer."""
        found = self._rows["statuses"].sum(axis=0)
        return {int(status): int(found[status]) for status in np.nonzero(found)[0]}

    def took(self) -> Integers:
        """The answer times' buckets over all lanes."""
        total: Integers = self._rows["took"].sum(axis=0)
        return total

    def last_code(self) -> str | None:
        """The latest receipt code."""
        return self._latest("code") or None

    def last_problem(self) -> str:
        """What the server said when it last did not acknowledge a sale."""
        return self._latest("problem")

    def _latest(self, name: str) -> str:
        latest = bytes(self._rows[name][int(self._rows[f"{name}_at_ns"].argmax())])
        return latest.decode("ascii")


def percentile_ms(took: Integers, share: float) -> float | None:
    """The answer time in ms that `share` of the requests did not exceed, up to 5 in 100 too high, or None."""
    total = int(took.sum())
    if not total:
        return None
    bucket = int(np.searchsorted(took.cumsum(), math.ceil(total * share)))
    return round(BUCKET_FIRST_MS * BUCKET_RATIO ** (bucket + 1), 2)
