"""A country's tills: enrolled from one CSV file, sent to the capture store, and loaded anew as after a lost store.

Time and memory are of these tills alone; what the run's own tills take was there before.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.cpu import CpuShares
from benchmarks.figures import Figure, at_most, figure
from benchmarks.load import LoadError
from benchmarks.run import Run
from benchmarks.sizes import TILLS
from fleet.models import Import
from fleet.progress import line_of
from fleet.rows import COLUMNS
from fleet.running import next_chunk
from fleet.uploads import COMMAND_BYTES_MAX, Uploaded, keep_file
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from transactions.loading import load_shard
from transactions.models import Life
from transactions.service import stores
from transactions.stream import keys_key, terminals_key

PART = "fleet"
# The issue's: all of it in ten minutes and a gigabyte.
FLEET = 2_500_000
MINUTES_MAX = 10
GB_MAX = 1
GB = 1024**3
# A chain of a hundred stores.
STORES_A_RETAILER = 100
LINES_A_BLOCK = 2_000
# Chunks between two lines of progress.
CHUNKS_A_LINE = 50
PUBLIC_KEY_BYTES = 32
S_PER_MINUTE = 60


def measure(run: Run) -> list[Figure]:
    """Enrols, loads anew, and loads anew with a key for each till."""
    servers = run.site.servers
    processes = {"postgres": servers.postgres.pid, "store": servers.store.pid}
    return measure_fleet(run.sizes.fleet_tills, run.say, processes)


def measure_fleet(tills: int, say: Callable[[str], None], processes: dict[str, int]) -> list[Figure]:
    """The figures of so many tills; what a smaller fleet takes is no measure of the whole one's targets."""
    before = _store_bytes()
    cpu, own_s = CpuShares(processes), time.process_time()
    kept_s, kept = timed(lambda: keep_file(blocks(tills), _uploaded(), _now(), bytes_max=COMMAND_BYTES_MAX))
    say(f"file of {kept.size_bytes / 1e6:,.0f} MB kept in {kept_s:.0f} s")
    enrolled_s, done = timed(lambda: _through(kept, say))
    if done.rows_enrolled != tills:
        raise LoadError(f"{tills} tills were to be enrolled, {done.rows_enrolled} are: {line_of(done)}")
    shares = cpu.shares(time.process_time() - own_s)
    _check_store(tills, terminals_key)
    plain = _grown_since(before)
    say(f"enrolled and projected in {enrolled_s:.0f} s; {plain / 1e6:,.0f} MB in the capture store")
    loaded_s, _ = timed(_load_all)
    say(f"loaded anew in {loaded_s:.0f} s")
    _give_keys(done)
    keyed_s, _ = timed(_load_all)
    _check_store(tills, keys_key)
    keyed = _grown_since(before)
    say(f"loaded anew with keys in {keyed_s:.0f} s; {keyed / 1e6:,.0f} MB in the capture store")
    whole_s = kept_s + enrolled_s
    # What it took of the machine, whatever else ran on it.
    cpu_s = whole_s * sum(share for name, share in shares.items() if name != "cores")
    return [
        _within(figure(PART, "file to capture store", [whole_s / S_PER_MINUTE], "min"), tills, MINUTES_MAX),
        figure(PART, "of that, processor time of all", [cpu_s / S_PER_MINUTE], "min", cpu=shares),
        figure(PART, "of that, taking the file in", [kept_s], "s", note=f"{kept.size_bytes / 1e6:,.0f} MB of CSV"),
        figure(PART, "tills enrolled and projected", [tills / whole_s], "tills/s"),
        figure(PART, "tills loaded into an empty store", [tills / loaded_s], "tills/s"),
        figure(PART, "with a key each", [tills / keyed_s], "tills/s"),
        _within(figure(PART, "capture store, no keys", [plain / GB], "GB"), tills, GB_MAX),
        _within(figure(PART, "capture store, a key each", [keyed / GB], "GB"), tills, GB_MAX),
        figure(PART, "a till in the capture store", [plain / tills], "bytes"),
        figure(PART, "a till with its key", [keyed / tills], "bytes"),
    ]


def blocks(tills: int) -> Iterator[bytes]:
    """The file, a few hundred kB at a time: stores of TILLS tills each, retailers of a hundred stores."""
    yield f"{','.join(COLUMNS)}\n".encode()
    for first in range(0, tills, LINES_A_BLOCK):
        numbers = range(first, min(first + LINES_A_BLOCK, tills))
        yield "".join(_line(number // TILLS, number % TILLS) for number in numbers).encode()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long it took, and what it answered."""
    began_s = time.perf_counter()
    answer = work()
    return time.perf_counter() - began_s, answer


def _line(store: int, till: int) -> str:
    owner = store // STORES_A_RETAILER
    return (
        f"FLEET-{owner},Retailer of the fleet {owner},{store},Store {store},{store % 900} Main Street,"
        f"Fairview,fixed,till {till}\n"
    )


def _uploaded() -> Uploaded:
    return Uploaded("fleet.csv", None, Life.ACTIVE, is_dry_run=False, by="benchmark")


def _through(run: Import, say: Callable[[str], None]) -> Import:
    chunks = 0
    while not run.is_over:
        found = next_chunk(run.pk, _now())
        if found is None:
            raise LoadError("another worker is at the file")
        run, chunks = found, chunks + 1
        if chunks % CHUNKS_A_LINE == 0:
            say(line_of(run))
    return run


def _load_all() -> None:
    for shard in ALL_SHARDS:
        load_shard(shard)


def _give_keys(done: Import) -> None:
    """A random key for each till of the file; not measured, since tills register theirs one by one."""
    numbers = _numbers(done)
    with connection.cursor() as cursor:
        copy = "COPY transactions_terminalkey (terminal_id, number, public_key, registered_at) FROM STDIN"
        with cursor.copy(copy) as sink:
            for number in numbers:
                sink.write_row((number, 1, os.urandom(PUBLIC_KEY_BYTES), _now()))
        cursor.execute("UPDATE transactions_terminal SET signing_key = 1 WHERE number = ANY(%s)", [numbers])


def _numbers(done: Import) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT terminal FROM transactions_registrystep WHERE by = %s AND terminal IS NOT NULL",
            [f"import {done.pk}"],
        )
        return [number for (number,) in cursor.fetchall()]


def _check_store(least: int, key: Callable[[int], str]) -> None:
    found = sum(int(stores().store_for(shard).hlen(key(shard))) for shard in ALL_SHARDS)
    if found < least:
        raise LoadError(f"the capture store has {found} tills, of {least}")


def _store_bytes() -> int:
    """What the capture store uses, by its own word."""
    used = 0
    for client in stores().clients:
        info: Any = client.info("memory")
        used += int(info["used_memory"])
    return used


def _grown_since(before: int) -> int:
    """How much more the capture store uses; of a few tills less than what other work gives back, which is none."""
    return max(0, _store_bytes() - before)


def _within(made: Figure, tills: int, target: float) -> Figure:
    return at_most(made, target) if tills >= FLEET else made


def _now() -> Any:
    return timezone.localtime(utc(now_ms()))
