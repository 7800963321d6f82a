"""`python -m tests.fault [--seconds N] [--scenario NAME ...] [--seed S] [--list]`; the exit code is the verdict."""

import argparse
import secrets
import signal
import sys

from possys.embedded.faults import LocalServerError
from possys.embedded.interrupts import interrupt_on_signals
from tests.fault.lost_tail import NAME as LOST_TAIL
from tests.fault.run import run
from tests.fault.stage import SCENARIOS

# Twenty minutes: every scenario at least once, at random again until the time is up.
FULL_S = 1200
SEED_BITS = 31
INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Runs; answers 0 when nothing acknowledged was lost, doubled or changed and every refusal was clear."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=FULL_S, help="below 600: the short version, each scenario once"
    )
    parser.add_argument(
        "--scenario", action="append", default=[], choices=[*SCENARIOS, LOST_TAIL], help="only this one"
    )
    parser.add_argument("--seed", type=int, help="of all chance; printed at the start")
    parser.add_argument("--list", action="store_true", help="only list the scenarios")
    asked = parser.parse_args()
    if asked.list:
        for one in SCENARIOS.values():
            print(f"{one.name:<28}{'short, full' if one.in_brief else 'full':<13}{one.what}")
        return 0
    interrupt_on_signals()
    seed = secrets.randbits(SEED_BITS) if asked.seed is None else asked.seed
    try:
        return 0 if run(seconds=asked.seconds, names=asked.scenario, seed=seed) else 1
    except LocalServerError as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
