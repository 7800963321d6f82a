"""The QR code of a receipt that a till printed while it was offline, when nobody could give it a receipt code.

    HTTPS://HOST/O/<terminal>.<sequence>.<yymmddhhmm>.<total>

The minute is the till's local time as it is printed, the total is in minor units. Until the sale arrives the page says
by when it must; then it leads to the receipt. Nothing signs such an address, so its page says that it proves nothing.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

from possys import clock, receipt_keys
from possys.codes import SEQUENCE_MAX, TERMINAL_MAX, CodeNotGenuineError, Environment, day_number
from receipts.access import check_limits, count_wrong
from receipts.limits import WRONG_TOTAL_FOR_CODE
from receipts.queries import Finding, State, find_receipt

# A terminal, a sequence, ten digits and up to 16 of the total, with a sign.
_WRITTEN = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{10})\.(-?\d{1,16})", re.ASCII)
# The till's offset from UTC is not on its receipt; no place on earth is further behind.
FURTHEST_BEHIND = timedelta(hours=12)


class OfflineReceipt(NamedTuple):
    """What the QR code says; `minute` is the till's local time, `total` is in minor units."""

    terminal: int
    sequence: int
    minute: datetime
    total: int


class OfflineError(ValueError):
    """The text is no offline receipt's."""


def read_offline(text: str) -> OfflineReceipt:
    """Reads the end of the address. Raises OfflineError."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise OfflineError(text)
    terminal, sequence = int(found[1]), int(found[2])
    try:
        minute = datetime.strptime(found[3], "%y%m%d%H%M")  # noqa: DTZ007 - local time of a till whose offset is unknown
        day_number(minute.date())
    except ValueError as fault:
        raise OfflineError(text) from fault
    if not (1 <= terminal <= TERMINAL_MAX and 1 <= sequence <= SEQUENCE_MAX):
        raise OfflineError(text)
    return OfflineReceipt(terminal, sequence, minute, int(found[4]))


def find_offline(request: HttpRequest, text: str) -> Finding:
    """What became of an offline receipt; of a recorded one its whole finding. Raises LimitReachedError.

    Whoever knows all four facts has the paper. One that is wrong is answered as a receipt that never was.
    """
    try:
        paper = read_offline(text)
        code = receipt_keys.table().encode(Environment.PRODUCTION, paper.minute.date(), paper.terminal, paper.sequence)
    except (OfflineError, ValueError):
        return Finding(State.NOT_GENUINE, "", fault=CodeNotGenuineError())
    check_limits(request, code, WRONG_TOTAL_FOR_CODE)
    found = find_receipt(code)
    if found.receipt is not None:
        sale = found.receipt.sale
        if (sale.issued_at[:16], sale.total) == (paper.minute.isoformat(timespec="minutes"), paper.total):
            return found
        count_wrong(request, code, WRONG_TOTAL_FOR_CODE)
        return Finding(State.NOT_GENUINE, "", fault=CodeNotGenuineError())
    if found.state is State.MISSING:
        return _awaited(paper)
    # What the address says is for machines.
    return replace(found, code="")


def _awaited(paper: OfflineReceipt) -> Finding:
    due = paper.minute + timedelta(hours=settings.OFFLINE_ALLOWED_HOURS)
    now = clock.utc(clock.now_ms()).replace(tzinfo=None)
    # Called overdue only where it is so in every time zone.
    state = State.OVERDUE if now - FURTHEST_BEHIND > due else State.DUE
    return Finding(state, "", due_at=due.isoformat(timespec="minutes"))
