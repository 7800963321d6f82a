"""How long a draw takes over ten million tickets, and how much memory: freeze, draw, and the published script on it.

    python -m possys.embedded exec -- python -m benchmarks.draw_size

Fills a fresh database with entries (a hundredth of them refunded), opens a draw in the mode of our own secret, freezes
it, has the log sign it, draws, and runs static/lottery/draw.py on the published files. Prints seconds and the largest
memory of this process and all of PostgreSQL together. Exit code 1 when freeze and draw take more than the target.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
import psutil
from django.db import connection

SECONDS_MAX = 180
MEMORY_MAX_MB = 2000
STORES, RETAILERS = 50_000, 1000
# As the national lotteries' monthly prize tables.
PRIZES = (("Flat", 100_000_000, 1), ("Car", 50_000_000, 24), ("Voucher", 50_000, 21_000))
SCRIPT = Path(__file__).resolve().parents[1] / "static" / "lottery" / "draw.py"
ENTRIES = """
INSERT INTO lottery_entry
    (draw_id, identity, issued_on, code, retailer, store, total, tickets, salt, source, state, entered_at)
SELECT %(draw)s, n, %(day)s, lpad(n::text, 19, '0'), n %% %(retailers)s, n %% %(stores)s, 5100, 1,
    decode(md5(n::text), 'hex'), 'page', 'in', now()
FROM generate_series(1, %(count)s) AS n
"""
TAKEN_BACK = """
INSERT INTO lottery_takenback (shard, block, position, original, original_on, retailer)
SELECT 1, n, 1, n * 100, %(day)s, n * 100 %% %(retailers)s FROM generate_series(1, %(count)s / 100) AS n
"""


class Peak:
    """The largest memory of this process and PostgreSQL's together, in MB, while it is watched."""

    def __init__(self) -> None:
        self.largest_mb = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ends.wait(0.5):
            self.largest_mb = max(self.largest_mb, _used_mb())


def _used_mb() -> float:
    used = psutil.Process().memory_info().rss
    for process in psutil.process_iter(["name"]):
        if "postgres" in (process.info["name"] or ""):
            try:
                # Shared buffers once, not with each of its processes.
                used += process.memory_full_info().pss
            except psutil.Error:
                continue
    return float(used) / 1e6


def main() -> int:
    """Fills, measures, prints; whether it is within the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.draw_size", description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_101_010, help="entries; a hundredth is refunded")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    took = measure(asked.tickets)
    total = took["freeze"] + took["draw"]
    print(f"freeze and draw: {total:.1f} s (target {SECONDS_MAX}), at most {took['memory']:.0f} MB in all")
    return 0 if total <= SECONDS_MAX and took["memory"] <= MEMORY_MAX_MB else 1


def measure(tickets: int) -> dict[str, float]:
    """Seconds of each step, and the largest memory in MB. The log is signed with the local key."""
    from ledger.log.appending import make_log
    from ledger.log.checkpointer import catch_up
    from lottery.draws import operations
    from lottery.draws.models import Draw
    from lottery.tests.factories import complete_feed, open_draw_now

    make_log()
    draw = open_draw_now(prizes=PRIZES)
    took: dict[str, float] = {"fill": _seconds(lambda: _fill(draw, tickets))}
    say(f"{tickets} entries in {took['fill']:.1f} s")
    complete_feed(draw.freezes_at + timedelta(seconds=1))
    with Peak() as peak:
        took["freeze"] = _seconds(lambda: operations.freeze(draw, draw.freezes_at))
        say(f"frozen in {took['freeze']:.1f} s")
        catch_up()
        took["draw"] = _seconds(lambda: operations.draw_winners(draw, draw.draws_at))
        say(f"drawn in {took['draw']:.1f} s")
    took["memory"] = peak.largest_mb
    held = Draw.objects.get(pk=draw.pk)
    say(f"{held.ticket_count} tickets, root {bytes(held.root or b'').hex()}")
    took["script"] = _seconds(lambda: _run_script(held))
    return took


def _fill(draw: Any, count: int) -> None:
    asked = {"draw": draw.pk, "day": draw.last_day, "retailers": RETAILERS, "stores": STORES, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, asked)
        cursor.execute(TAKEN_BACK, asked)
        cursor.execute("ANALYZE lottery_entry")
        cursor.execute("ANALYZE lottery_takenback")


def _run_script(draw: Any) -> None:
    from lottery.draws.lists import read_tickets

    with tempfile.TemporaryDirectory() as folder:
        transcript, tickets = Path(folder) / "transcript.json", Path(folder) / "tickets.bin"
        transcript.write_text(draw.transcript)
        with tickets.open("wb") as file:
            for part in read_tickets(draw):
                file.write(part)
        say(f"published: {transcript.stat().st_size:,} and {tickets.stat().st_size:,} bytes")
        began_s = time.perf_counter()
        subprocess.run([sys.executable, SCRIPT, transcript, tickets], check=True)
        say(f"the script took {time.perf_counter() - began_s:.1f} s")


def _seconds(step: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    step()
    return time.perf_counter() - began_s


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
