"""What came of a file of tills, as files of CSV that are sent while they are made: faults and results."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fleet.models import Import
from fleet.rows import BYTE_ORDER_MARK, COLUMNS, FAULT_COLUMNS, OWNER_COLUMNS
from fleet.running import unpacked
from portal.sheets.files import FORMULA

RESULT_COLUMNS = (*COLUMNS, "terminal", "outcome")


def faults_csv(run: Import) -> Iterator[bytes]:
    """Every faulty row as it stood, with its line, its faulty columns, and what to do."""
    yield head_of((*columns_of(run, COLUMNS), *FAULT_COLUMNS))
    for blob in run.chunks.order_by("number").values_list("faults", flat=True).iterator():
        yield without_owner(run, _rows(blob))


def results_csv(run: Import) -> Iterator[bytes]:
    """Every row that is fine, with its till's number (none yet in a dry run), and whether it was there already."""
    yield head_of(columns_of(run, RESULT_COLUMNS))
    new = "would be enrolled" if run.is_dry_run else "enrolled"
    for blob in run.chunks.order_by("number").values_list("results", flat=True).iterator():
        yield without_owner(run, ([*row[:-1], row[-1] or new] for row in _rows(blob)))


def new_rows(run: Import) -> Iterator[list[str]]:
    """The rows of the tills that the import enrolled."""
    for blob in run.chunks.order_by("number").values_list("results", flat=True).iterator():
        yield from (row for row in _rows(blob) if row[-2] and not row[-1])


def columns_of(run: Import, columns: Sequence[str]) -> list[str]:
    """Columns, without whose tills they are where that is known."""
    return [name for name in columns if run.retailer_id is None or name not in OWNER_COLUMNS]


def without_owner(run: Import, rows: Iterable[Sequence[Any]], owner: int = len(OWNER_COLUMNS)) -> bytes:
    """Lines of CSV, without whose tills they are where that is known."""
    skipped = owner if run.retailer_id is not None else 0
    file = io.StringIO()
    csv.writer(file).writerows([_safe(cell) for cell in row[skipped:]] for row in rows)
    return file.getvalue().encode()


def head_of(columns: Sequence[str]) -> bytes:
    """The first line, behind the mark that has spreadsheets read UTF-8."""
    return (BYTE_ORDER_MARK + ",".join(columns) + "\r\n").encode()


def _rows(blob: bytes | memoryview) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(unpacked(blob).decode(), newline=""))


def _safe(cell: Any) -> Any:
    """What a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection")."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
