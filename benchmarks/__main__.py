"""`python -m benchmarks`: runs all parts, prints the table, keeps the JSON; exit code 1 when a part failed."""

import argparse
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from benchmarks.profiling import FORMATS
from benchmarks.sizes import SIZES
from possys.embedded.__main__ import LOCAL

PARTS = (
    "micro", "one", "batch", "signed", "path", "flush", "evidence", "pages", "verify", "feed", "space", "fleet",
    "admin",
)  # fmt: skip


def main() -> int:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_const", const="quick", default="full", dest="size", help="seconds for each part"
    )
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    parser.add_argument(
        "--profile",
        choices=FORMATS,
        nargs="?",
        const="speedscope",
        default="",
        help="py-spy records, in .local/profile",
    )
    parser.add_argument("--folder", type=Path, default=LOCAL, help="where data and results go (default: .local)")
    asked = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    # The Django project is loaded with the addresses of servers that run; until then nothing may import models.
    from benchmarks.suite import run_parts

    parts = [name for name in PARTS if asked.only is None or name in asked.only]
    return run_parts(
        parts,
        SIZES[asked.size],
        asked.folder,
        say,
        profile=asked.profile,
        began=datetime.now(UTC),
        is_whole=asked.only is None,
    )


BEGAN_S = time.monotonic()


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{time.monotonic() - BEGAN_S:7.1f} s] {text}", flush=True)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
