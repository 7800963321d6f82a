"""`python -m possys.embedded` with `run`, `exec -- COMMAND ...` or `manage -- ARGUMENT ...`."""

import argparse
import signal
import sys
from pathlib import Path

from possys.embedded.execute import execute
from possys.embedded.faults import LocalServerError
from possys.embedded.interrupts import interrupt_on_signals
from possys.embedded.joining import manage
from possys.embedded.run import run

PROJECT = Path(__file__).resolve().parents[2]
LOCAL = PROJECT / ".local"
INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m possys.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    whole = commands.add_parser("run", help="the whole system with demo data; the data stays")
    joined = commands.add_parser("manage", help="a management command on the servers of `run`")
    joined.add_argument("arguments", nargs="+", metavar="ARGUMENT")
    on_fresh = commands.add_parser("exec", help="a command on fresh servers that end with it")
    on_fresh.add_argument("arguments", nargs="+", metavar="COMMAND")
    for command in (whole, joined, on_fresh):
        command.add_argument("--folder", type=Path, default=LOCAL, help="where the data is (default: .local)")
    asked = parser.parse_args()
    interrupt_on_signals()
    try:
        if asked.command == "exec":
            return execute(asked.arguments, asked.folder)
        if asked.command == "manage":
            return manage(asked.arguments, asked.folder)
        run(asked.folder)
        return 0
    except LocalServerError as fault:
        print(fault, file=sys.stderr)
        return 1
    except PermissionError as fault:
        print(f"{fault.filename} is another user's: an earlier run was theirs.", file=sys.stderr)
        print("Run as that user, or remove it.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
