"""Going through a file of tills chunk by chunk: each is one DB transaction, with the numbers of the whole file.

    uploads.keep_file -> advance (chunk, chunk, ...) -> done

Two workers at once do every chunk once: the import's row is locked for each, and whoever finds it locked leaves. Killed
at any moment, the work goes on with the first chunk that is not done; what the registry has is never made again, since
a till is known by its store's reference and its label. New tills are sent to the capture store behind each chunk's
commit; what could not be sent is sent by `transactions.tasks.load_pending`.
"""

import csv
import hashlib
import io
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import zstandard
from django.db import transaction
from redis.exceptions import RedisError

from fleet.enrolling import Beginning, Enrolled, bulk_enrol, known_of
from fleet.models import ERROR_LENGTH_MAX, Import, ImportChunk, Seen
from fleet.planning import Known, Plan, Registry, plan, store_key, till_key
from fleet.rows import COLUMNS, OWNER_COLUMNS, Fault, Head, Row, fault_cells, read_head, text_lines
from possys.failpoints import reach
from transactions.loading import load_numbers
from transactions.models import Life

logger = logging.getLogger(__name__)

State = Import.State
# The parts of a key never hold it.
BETWEEN = "\0"
SEEN_BATCH = 2_000
# A chunk's text, unpacked: its lines' greatest length and what is said of each.
UNPACKED_MAX = 128 * 1024 * 1024


def advance(
    import_id: int, clock: Callable[[], datetime], goes_on: Callable[[Import], bool] = lambda _: True
) -> Import | None:
    """Chunks of a file while `goes_on`; None where there is nothing to do, or another worker is at it.

    What goes wrong is noted and raised; the chunks before stay.
    """
    try:
        found = next_chunk(import_id, clock())
        while found is not None and not found.is_over and goes_on(found):
            found = next_chunk(import_id, clock())
    except Exception as fault:
        fail(import_id, fault, clock())
        raise
    return found


def next_chunk(import_id: int, now: datetime) -> Import | None:
    """The first chunk that is not done; behind the last one the import is done."""
    numbers: list[int] = []
    with transaction.atomic():
        run = _locked(import_id)
        if run is None:
            return None
        run.started_at = run.started_at or now
        run.state, run.moved_at = State.RUNNING, now
        chunk = run.chunks.filter(is_done=False).order_by("number").first()
        if chunk is None:
            run.state, run.finished_at = State.DONE, now
            # Lines of nothing but separators were counted and are no rows.
            run.rows_total = run.rows_checked
            Seen.objects.filter(importing=run.pk).delete()
            if not run.is_dry_run:
                run.chunks.update(body=b"")
        else:
            numbers = _work(run, chunk, now)
            reach(f"fleet.chunk-{chunk.number}")
        run.save()
    if numbers:
        _load(numbers)
    return run


def fail(import_id: int, fault: Exception, now: datetime) -> None:
    """Notes what went wrong; what is enrolled stays, and somebody may let it go on."""
    text = f"{type(fault).__name__}: {fault}"[:ERROR_LENGTH_MAX]
    Import.objects.filter(pk=import_id, state__in=(State.WAITING, State.RUNNING)).update(
        state=State.FAILED, error=text, moved_at=now
    )


def stop(import_id: int, now: datetime) -> bool:
    """Ends an import behind the chunk that is worked at; whether there was something to stop."""
    running = Import.objects.filter(pk=import_id, state__in=(State.WAITING, State.RUNNING))
    return bool(running.update(state=State.STOPPED, moved_at=now))


def go_on(import_id: int, now: datetime) -> bool:
    """Lets a stopped or failed import go on where it was; whether there was something to go on with."""
    still = Import.objects.filter(pk=import_id, state__in=(State.STOPPED, State.FAILED))
    return bool(still.update(state=State.WAITING, error="", moved_at=now))


def beginning_of(run: Import) -> Beginning:
    """How the tills of an import begin."""
    return Beginning(Life(run.status), f"import {run.pk}", run.name, run.retailer)


def _locked(import_id: int) -> Import | None:
    waiting = Import.objects.filter(pk=import_id, state__in=(State.WAITING, State.RUNNING))
    return waiting.select_for_update(skip_locked=True, of=("self",)).select_related("retailer").first()


def _work(run: Import, chunk: ImportChunk, now: datetime) -> list[int]:
    """One chunk; the numbers of the tills that are new."""
    body = unpacked(chunk.body)
    head = read_head(run.head, is_one_retailers=run.retailer_id is not None)
    rows, bad = read_rows(head, chunk.first_line, body)
    done = _try(run, rows) if run.is_dry_run else bulk_enrol(rows, beginning_of(run), now)
    _note(run, chunk, done, bad)
    return done.numbers


def read_rows(head: Head, first_line: int, body: bytes) -> tuple[list[Row], list[tuple[int, str, Fault]]]:
    """The rows of whole lines, and those lines that are none."""
    rows: list[Row] = []
    bad: list[tuple[int, str, Fault]] = []
    for line, text in enumerate(text_lines(body), first_line):
        found = head.row(line, text)
        if isinstance(found, Row):
            rows.append(found)
        elif found is not None:
            bad.append((line, text, found))
    return rows, bad


def _note(run: Import, chunk: ImportChunk, done: Enrolled, bad: Sequence[tuple[int, str, Fault]]) -> None:
    good = [one for one in done.outcomes if not one.faults]
    there = sum(one.is_there for one in good)
    faulty = len(done.outcomes) - len(good) + len(bad)
    run.rows_checked += len(done.outcomes) + len(bad)
    run.rows_enrolled += len(good) - there
    run.rows_there += there
    run.rows_faulty += faulty
    run.stores_made += done.stores
    run.retailers_made += done.retailers
    chunk.is_done = True
    chunk.results = packed([*one.row.cells, one.number or "", "already there" if one.is_there else ""] for one in good)
    lines = [
        (one.row.line, fault_cells(one.row.line, one.row.cells, one.faults)) for one in done.outcomes if one.faults
    ]
    # The cells of what is no row cannot be told apart: it stands in the file's first column as it is.
    first = len(OWNER_COLUMNS) if run.retailer_id is not None else 0
    before, behind = [""] * first, [""] * (len(COLUMNS) - first - 1)
    lines += [(line, fault_cells(line, [*before, text, *behind], [fault])) for line, text, fault in bad]
    chunk.faults = packed(cells for _, cells in sorted(lines))
    chunk.save()


def packed(lines: Iterable[Sequence[object]]) -> bytes:
    """Lines of CSV, packed; nothing of none."""
    file = io.StringIO()
    csv.writer(file).writerows(lines)
    text = file.getvalue()
    return zstandard.ZstdCompressor().compress(text.encode()) if text else b""


def unpacked(blob: bytes | memoryview) -> bytes:
    """What was packed."""
    return zstandard.ZstdDecompressor().decompress(bytes(blob), max_output_size=UNPACKED_MAX) if blob else b""


def _load(numbers: Sequence[int]) -> None:
    try:
        load_numbers(numbers, new=True)
    except (RedisError, OSError) as fault:
        logger.warning("%d new tills wait for the capture store: %s", len(numbers), fault)


# --- A dry run: the same plan, made of what the registry has and of what the rows before would have made ------------


def _try(run: Import, rows: Sequence[Row]) -> Enrolled:
    registry = known_of(rows, run.retailer)
    _add_seen(run, rows, registry)
    made = plan(rows, registry, is_one_retailers=run.retailer_id is not None)
    _remember(run, made)
    return Enrolled(made.outcomes, [], len(made.stores), len(made.retailers))


def _add_seen(run: Import, rows: Sequence[Row], registry: Registry) -> None:
    """Adds what the rows before would have made: one query."""
    wanted: dict[bytes, tuple[str, ...]] = {}
    for row in rows:
        keys: tuple[tuple[str, ...], ...] = ((row.tax_id,), store_key(row), till_key(row))
        wanted |= {_digest(key): key for key in keys}
    for digest, name in Seen.objects.filter(importing=run.pk, key__in=list(wanted)).values_list("key", "name"):
        tax_id, *more = wanted[bytes(digest)]
        if not more:
            registry.retailers.setdefault(tax_id, Known(None, name))
        elif len(more) == 1:
            registry.stores.setdefault((tax_id, more[0]), Known(None, name))
        else:
            registry.tills.setdefault((tax_id, more[0], more[1]), 0)


def _remember(run: Import, made: Plan) -> None:
    names: dict[tuple[str, ...], str] = {(tax_id,): name for tax_id, name in made.retailers.items()}
    names |= {key: row.store for key, row in made.stores.items()}
    names |= dict.fromkeys(made.tills, "")
    Seen.objects.bulk_create(
        [Seen(importing=run.pk, key=_digest(key), name=name) for key, name in names.items()], batch_size=SEEN_BATCH
    )


def _digest(key: Sequence[str]) -> bytes:
    return hashlib.sha256(BETWEEN.join(key).encode()).digest()[:16]
