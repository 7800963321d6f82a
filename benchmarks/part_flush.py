"""The flush alone, beside plain binary COPYs of the same entries by as many processes: narrow rows, and wide ones."""

from collections.abc import Callable

from django.db import connections, transaction

from benchmarks.drain import drain, in_processes
from benchmarks.figures import Figure, compared, figure
from benchmarks.rows import NARROW, WIDE, Payloads, make_tables, payloads
from benchmarks.run import Run, database_cpu
from ledger.copying import ENTRY_COLUMNS
from ledger.shards import group
from possys.embedded.site import FLUSH_WORKERS

PART = "flush alone"
RATIO_MIN = 0.6
COLUMNS = {NARROW: ENTRY_COLUMNS, WIDE: f"{ENTRY_COLUMNS}, record"}
NAMES = {NARROW: "COPY of the entry rows alone", WIDE: "COPY of the entries with their records, a row a sale"}


def measure(run: Run) -> list[Figure]:
    """Fills the streams, then flushes them and COPYs the same rows elsewhere, in turn."""
    make_tables()
    rates: dict[str, list[float]] = {"flush": [], NARROW: [], WIDE: []}
    cpu: dict[str, float] = {}
    for number in range(run.sizes.rounds):
        run.fill(run.sizes.flush_records)
        rows = [payloads(group(place, FLUSH_WORKERS)) for place in range(FLUSH_WORKERS)]
        records = sum(one.records for one in rows)

        def flush_all() -> float:
            shares = database_cpu(run.site)
            took_s = drain(run)
            cpu.update(shares.shares())
            return took_s

        contenders: dict[str, Callable[[], float]] = {
            "flush": flush_all,
            NARROW: lambda rows=rows: copy(NARROW, rows),  # type: ignore[misc]
            WIDE: lambda rows=rows: copy(WIDE, rows),  # type: ignore[misc]
        }
        names = list(contenders)
        for name in names[number % 3 :] + names[: number % 3]:
            checkpoint()
            rates[name].append(records / contenders[name]())
    figures = [figure(PART, NAMES[name], rates[name], "rows/s") for name in (NARROW, WIDE)]
    note = f"{records:,} records a round, {FLUSH_WORKERS} processes; the ledger's tables hold what came before"
    figures.append(figure(PART, "flush", rates["flush"], "records/s", cpu=cpu, note=note))
    for name in (WIDE, NARROW):
        made = figure(PART, f"flush beside {'wide' if name == WIDE else 'narrow'} rows", rates["flush"], "records/s")
        figures.append(compared(made, rates[name], NAMES[name], RATIO_MIN))
    return figures


def copy(table: str, rows: list[Payloads]) -> float:
    """COPYs prepared rows, each process its own; answers the seconds."""

    def work(place: int) -> None:
        for payload in getattr(rows[place], table):
            command = f"COPY {table} ({COLUMNS[table]}) FROM STDIN (FORMAT BINARY)"
            with transaction.atomic(), connections["default"].cursor() as cursor, cursor.copy(command) as sink:
                sink.write(payload)

    return in_processes(len(rows), work)


def checkpoint() -> None:
    """Gives each contender the same start: nothing dirty, no page image due because of another's writes."""
    with connections["default"].cursor() as cursor:
        cursor.execute("CHECKPOINT")
