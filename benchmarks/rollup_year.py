"""How soon the dashboards' data is there with 50 million sales in the roll-ups.

    python -m possys.embedded exec -- python -m benchmarks.rollup_year

Fills a fresh database (some minutes, some 10 GB) and asks for every page of a large chain, a middle one and a shop, for
each period, with a comparison. Prints p50 and p95 of each, in milliseconds, and the processor time that the database
and Python take for it without parallel workers, which says more on a busy machine. Exit code 1 when a p95 is above the
target.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs

import django
import psutil
from django.db import connection

from benchmarks.figures import percentile
from benchmarks.rollup_rows import Size, fill, retailers, vacuum

TARGET_MS = 300
PERIODS = ("today", "7d", "28d", "month", "quarter", "year")
CPU_ROUNDS = 3
# Lists behind figures, from dense to rare.
LISTS = ("", "&type=refund", "&late=1", "&hour=9&weekday=0", "&method=card")


class Timed(NamedTuple):
    """One page of one retailer for one period; milliseconds."""

    retailer: str
    page: str
    period: str
    p50: float
    p95: float
    cpu: float


def main() -> int:
    """Fills, measures, prints; whether every p95 is below the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rollup_year", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="times that each page is asked for (default: 20)")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    django.setup()
    from django.core.management import call_command

    now = datetime.now(UTC)
    call_command("migrate", verbosity=0)
    fill(Size(), now.date(), say)
    vacuum(say)
    slow = 0
    print(f"{'':14} {'':10} {'':8} {'p50':>8} {'p95':>8} {'cpu':>8}  ms")
    for one in measure(Size(), now, asked.rounds):
        mark = "" if one.p95 < TARGET_MS else "  above the target"
        slow += bool(mark)
        print(
            f"{one.retailer:14} {one.page:10} {one.period:8} {one.p50:8.0f} {one.p95:8.0f} {one.cpu:8.0f}{mark}",
            flush=True,
        )
    print(f"{slow} above {TARGET_MS} ms")
    return 1 if slow else 0


def measure(size: Size, now: datetime, rounds: int) -> Iterator[Timed]:
    """Every page of every retailer for every period."""
    from analytics.filters import Filters
    from analytics.pages import PAGES
    from analytics.queries.receipts import receipts

    for retailer in retailers(size):
        stores = retailer.stores
        for period in PERIODS:
            filters = Filters.read({"period": [period]}, stores, now, retailer=retailer.retailer)
            lists = [
                Filters.read(parse_qs(f"period={period}{text}"), stores, now, retailer=retailer.retailer)
                for text in LISTS
            ]
            calls: dict[str, list[Callable[[], object]]] = {
                name: [partial(page, filters, stores, now)] for name, page in PAGES.items()
            }
            calls["receipts"] = [partial(receipts, one, stores) for one in lists]
            for name, own in calls.items():
                times = [_took_ms(call) for _ in range(rounds) for call in own]
                cpu = percentile([_cpu_ms(call) for _ in range(CPU_ROUNDS) for call in own], 0.5)
                yield Timed(retailer.name, name, period, percentile(times, 0.5), percentile(times, 0.95), cpu)


def _took_ms(call: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    call()
    return (time.perf_counter() - began_s) * 1000


def _cpu_ms(call: Callable[[], object]) -> float:
    """Processor time of one call, ours and that of the database's process, without parallel workers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        began_s = _spent_s(backend)
        call()
        took_s = _spent_s(backend) - began_s
        cursor.execute("RESET max_parallel_workers_per_gather")
    return took_s * 1000


def _spent_s(backend: psutil.Process) -> float:
    used = backend.cpu_times()
    return float(time.process_time() + used.user + used.system)


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{time.monotonic() - BEGAN_S:7.1f} s] {text}", flush=True)


BEGAN_S = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
