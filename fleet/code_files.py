"""One-time enrolment codes of the tills that a file enrolled, as a file of CSV.

Codes are kept nowhere in clear, so they are made while their file is sent. A file that broke off is made again: tills
that have no credential yet get new codes, and the ones before open nothing any more.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings

from fleet.models import Import
from fleet.results import columns_of, head_of, new_rows, without_owner
from fleet.rows import COLUMNS
from transactions.enrolment.codes import link
from transactions.enrolment.operations import CODE_DAYS, issue_codes
from transactions.models import Life, Terminal

CODE_COLUMNS = ("tax_id", "store_reference", "label", "terminal", "code", "link", "expires_at")
# What waits for its first credential, or may get one.
WAITING_FOR_CODES = (Life.ENROLLED, Life.TESTING, Life.ACTIVE)
# Codes in one DB transaction, and between two pieces of the file.
CODES_BATCH = 2_000


def codes_csv(run: Import, by: str, now: datetime) -> Iterator[bytes]:
    """New codes of those of its new tills that have had no credential; they are readable only here."""
    yield head_of(columns_of(run, CODE_COLUMNS))
    activates = run.status != Life.TESTING
    expires_at = (now + timedelta(days=CODE_DAYS)).isoformat(timespec="seconds")
    for batch in _batches(new_rows(run)):
        numbers = [int(row[-2]) for row in batch]
        # Where a store or retailer is stopped there are none; the file has the others'.
        selling = Terminal.objects.filter(store__status=Life.ACTIVE, store__retailer__status=Life.ACTIVE)
        waiting = selling.filter(number__in=numbers, expires_on=None, status__in=WAITING_FOR_CODES)
        codes = issue_codes(waiting, activates=activates, by=by)
        lines = []
        for row, number in zip(batch, numbers, strict=True):
            if (code := codes.get(number)) is not None:
                label, reference = row[len(COLUMNS) - 1], row[COLUMNS.index("store_reference")]
                lines.append([row[0], reference, label, number, code, link(settings.SITE_URL, code), expires_at])
        yield without_owner(run, lines, owner=1)


def _batches(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    waiting: list[list[str]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == CODES_BATCH:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
