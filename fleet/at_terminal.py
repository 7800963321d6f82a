"""Enrolling a file from a terminal: the same steps as in a worker, with a line for each."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from fleet.code_files import codes_csv
from fleet.models import Import
from fleet.progress import line_of
from fleet.results import faults_csv, results_csv
from fleet.running import State, go_on, next_chunk
from fleet.uploads import BLOCK_BYTES, COMMAND_BYTES_MAX, FileFault, Uploaded, keep_file
from possys.clock import now_ms, utc
from transactions.models import Life

BY = "command"
# Codes are secrets.
CODES_MODE = 0o600


def enrol_file(
    path: Path,
    *,
    status: Life,
    is_dry_run: bool,
    outputs: Mapping[str, Path | None],
    say: Callable[[str, bool], None],
) -> int:
    """Enrols a file of many retailers; answers how many rows are faulty. Raises FileFault, OSError.

    The same file again goes on where a killed command was. A file of codes that is there already is not written over.
    """
    codes = outputs.get("codes")
    if codes is not None and codes.exists():
        raise FileFault(f"{codes} is there already, and its codes would be lost. Choose another name for --codes.")
    wants_codes = codes is not None and not is_dry_run
    run = _unfinished(path, status, is_dry_run, wants_codes=wants_codes) or keep_file(
        _blocks(path), Uploaded(path.name, None, status, is_dry_run, BY), _now(), bytes_max=COMMAND_BYTES_MAX
    )
    if run.rows_checked:
        say(f"goes on behind row {run.rows_checked:,}", True)
    run = _through(run, say)
    if run.rows_faulty:
        _write(outputs.get("faults") or path.with_suffix(f"{path.suffix}.faults.csv"), faults_csv(run), say)
    if (results := outputs.get("results")) is not None:
        _write(results, results_csv(run), say)
    if codes is not None and wants_codes:
        descriptor = os.open(codes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, CODES_MODE)
        with os.fdopen(descriptor, "wb") as file:
            for part in codes_csv(run, BY, _now()):
                file.write(part)
        Import.objects.filter(pk=run.pk).update(codes_at=_now())
        say(f"one-time codes: {codes}", True)
    return run.rows_faulty


def _through(run: Import, say: Callable[[str, bool], None]) -> Import:
    while not run.is_over:
        found = next_chunk(run.pk, _now())
        if found is None:
            raise FileFault("A worker is at this file. Its progress is in the admin, under Imports.")
        run = found
        say(line_of(run), run.is_over)
    return run


def _unfinished(path: Path, status: Life, is_dry_run: bool, *, wants_codes: bool) -> Import | None:
    """This file's import that was not finished, or whose codes nobody has got."""
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    same = Import.objects.filter(
        sha256=digest.digest(), by=BY, retailer=None, is_dry_run=is_dry_run, status=status, codes_at=None
    )
    found = (same if wants_codes else same.exclude(state=State.DONE)).first()
    if found is not None and go_on(found.pk, _now()):
        found.refresh_from_db()
    return found


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _write(path: Path, parts: Iterator[bytes], say: Callable[[str, bool], None]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
    say(f"wrote {path}", True)


def _now() -> datetime:
    return timezone.localtime(utc(now_ms()))
