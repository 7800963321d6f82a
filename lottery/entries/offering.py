"""Whether a receipt's page offers to take part: asked for each page, so answered from this process's memory."""

import time
from datetime import date, datetime
from typing import NamedTuple

from django.db import DatabaseError

from lottery.draws.queries import open_draws
from lottery.entries.operations import ENTERABLE
from possys.clock import now_ms, utc
from receipts.queries import Finding

# A draw that opens or closes is on the pages within this time.
KEPT_S = 60.0


class _Period(NamedTuple):
    first_day: date
    last_day: date


class _Periods:
    """The days of the draws that are open, read once in KEPT_S."""

    def __init__(self) -> None:
        self._read_s = float("-inf")
        self._periods: list[_Period] = []

    def forget(self) -> None:
        """Has them read anew; for tests, which open draws and look at once."""
        self._read_s = float("-inf")

    def hold(self, day: date) -> bool:
        """Whether a draw takes receipts of a day."""
        if time.monotonic() - self._read_s > KEPT_S:
            try:
                self._periods = [_Period(draw.first_day, draw.last_day) for draw in open_draws(utc(now_ms()))]
            except DatabaseError:
                self._periods = []
            self._read_s = time.monotonic()
        return any(period.first_day <= day <= period.last_day for period in self._periods)


periods = _Periods()


def is_offered(finding: Finding) -> bool:
    """Whether a receipt could take part in a draw that is open, as far as its kind and day go."""
    receipt = finding.receipt
    if receipt is None or finding.state not in ENTERABLE or receipt.sale.type != "sale":
        return False
    return periods.hold(datetime.fromisoformat(receipt.sale.issued_at).date())
