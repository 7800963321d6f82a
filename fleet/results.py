"""What came of a file of tills, as files of CSV that are sent while they are made: faults, results, and codes.

Enrolment codes are kept nowhere in clear, so they are made while their file is sent. A file that broke off is made
again: tills that have no credential yet get new codes, and the ones before open nothing any more.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from fleet.models import Import
from fleet.rows import BYTE_ORDER_MARK, COLUMNS, FAULT_COLUMNS, OWNER_COLUMNS
from fleet.running import unpacked
from portal.sheets.files import FORMULA
from transactions.enrolment.codes import link
from transactions.enrolment.operations import CODE_DAYS, issue_codes
from transactions.models import Life, Terminal

RESULT_COLUMNS = (*COLUMNS, "terminal", "outcome")
CODE_COLUMNS = ("tax_id", "store_reference", "label", "terminal", "code", "link", "expires_at")
# What waits for its first credential, or may get one.
WAITING_FOR_CODES = (Life.ENROLLED, Life.TESTING, Life.ACTIVE)
# Codes in one DB transaction, and between two pieces of the file.
CODES_BATCH = 2_000


def faults_csv(run: Import) -> Iterator[bytes]:
    """Every faulty row as it stood, with its line, its faulty columns, and what to do."""
    yield from _csv((*_columns(run, COLUMNS), *FAULT_COLUMNS), ())
    for blob in run.chunks.order_by("number").values_list("faults", flat=True).iterator():
        yield _without_owner(run, _rows(blob))


def results_csv(run: Import) -> Iterator[bytes]:
    """Every row that is fine, with its till's number (none yet in a dry run), and whether it was there already."""
    yield from _csv(_columns(run, RESULT_COLUMNS), ())
    new = "would be enrolled" if run.is_dry_run else "enrolled"
    for blob in run.chunks.order_by("number").values_list("results", flat=True).iterator():
        yield _without_owner(run, ([*row[:-1], row[-1] or new] for row in _rows(blob)))


def codes_csv(run: Import, by: str, now: datetime) -> Iterator[bytes]:
    """New codes of those of its new tills that have had no credential; they are readable only here."""
    yield from _csv(_columns(run, CODE_COLUMNS), ())
    activates = run.status != Life.TESTING
    expires_at = (now + timedelta(days=CODE_DAYS)).isoformat(timespec="seconds")
    for batch in _batches(new_rows(run)):
        numbers = [int(row[-2]) for row in batch]
        waiting = Terminal.objects.filter(number__in=numbers, expires_on=None, status__in=WAITING_FOR_CODES)
        codes = issue_codes(waiting, activates=activates, by=by)
        lines = []
        for row, number in zip(batch, numbers, strict=True):
            if (code := codes.get(number)) is not None:
                label, reference = row[len(COLUMNS) - 1], row[COLUMNS.index("store_reference")]
                lines.append([row[0], reference, label, number, code, link(settings.SITE_URL, code), expires_at])
        yield _without_owner(run, lines, owner=1)


def new_rows(run: Import) -> Iterator[list[str]]:
    """The rows of the tills that the import enrolled."""
    for blob in run.chunks.order_by("number").values_list("results", flat=True).iterator():
        yield from (row for row in _rows(blob) if row[-2] and not row[-1])


def _batches(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    waiting: list[list[str]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == CODES_BATCH:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _columns(run: Import, columns: Sequence[str]) -> list[str]:
    return [name for name in columns if run.retailer_id is None or name not in OWNER_COLUMNS]


def _without_owner(run: Import, rows: Iterable[Sequence[Any]], owner: int = len(OWNER_COLUMNS)) -> bytes:
    """Lines of CSV, without whose tills they are where that is known."""
    skipped = owner if run.retailer_id is not None else 0
    file = io.StringIO()
    csv.writer(file).writerows([_safe(cell) for cell in row[skipped:]] for row in rows)
    return file.getvalue().encode()


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    file = io.StringIO()
    file.write(BYTE_ORDER_MARK)
    csv.writer(file).writerows([head, *rows])
    yield file.getvalue().encode()


def _rows(blob: bytes) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(unpacked(blob).decode(), newline=""))


def _safe(cell: Any) -> Any:
    """What a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection")."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
