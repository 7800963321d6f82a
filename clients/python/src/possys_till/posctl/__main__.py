"""posctl: a till in the terminal.

posctl enrol https://pos.example 7F3K-Q2MD-0WHT-R5VA
posctl
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from possys_till.faults import TillError
from possys_till.posctl.catalogue import Catalogue, load
from possys_till.posctl.shell import Shell
from possys_till.receipt import WIDTH, WIDTHS
from possys_till.till import Till

FOLDER_VARIABLE = "POSCTL_FOLDER"
DESCRIPTION = "A till in the terminal: enrol it once with the code from your retailer, then sell."


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code is 1 when something was refused that came from a file, 2 when nothing could begin."""
    asked = _parser().parse_args(arguments)
    folder = Path(asked.folder)
    try:
        catalogue = load(asked.catalogue)
        if asked.command == "enrol":
            return _enrol(asked, folder, catalogue)
        with Till(folder, catalogue.rules) as till:
            shell = Shell(till, catalogue, sys.stdout, asked.width, colours=sys.stdout.isatty())
            if asked.command:
                shell.run(" ".join([asked.command, *asked.words]))
            else:
                _talk(shell)
            return 1 if shell.faults and (asked.command or not sys.stdin.isatty()) else 0
    except (TillError, ValueError) as fault:
        print(f"posctl: {fault}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("posctl", description=DESCRIPTION)
    usual = os.environ.get(FOLDER_VARIABLE) or Path.home() / ".local" / "share" / "posctl"
    parser.add_argument("--folder", default=usual, help=f"where the till's credential and queue are ({usual})")
    parser.add_argument("--catalogue", type=Path, help="products, CSV or JSON; without it a small demo")
    parser.add_argument("--width", type=int, choices=WIDTHS, default=WIDTH, help=f"columns of the paper ({WIDTH})")
    parser.set_defaults(command="", words=[])
    commands = parser.add_subparsers(metavar="COMMAND")
    enrol = commands.add_parser("enrol", help="exchange an enrolment code for this till's credential")
    enrol.add_argument("url", help="the server, https://...")
    enrol.add_argument("code", help="XXXX-XXXX-XXXX-XXXX, or what the QR code holds")
    enrol.add_argument("--no-key", action="store_true", help="do not make a key pair: sales are not signed")
    enrol.add_argument(
        "--after", type=int, default=0, help="the last number that this terminal used on another machine"
    )
    enrol.set_defaults(command="enrol")
    for name, text in (("status", "how the till stands"), ("queue", "what waits, and what needs a person")):
        commands.add_parser(name, help=text).set_defaults(command=name)
    return parser


def _enrol(asked: argparse.Namespace, folder: Path, catalogue: Catalogue) -> int:
    made = Till.enrol(
        asked.url, asked.code, folder, catalogue.rules, with_key=not asked.no_key, last_number=asked.after
    )  # fmt: skip
    with made as till:
        status, held = till.status(), till.credential
        print(f"Enrolled terminal {status.terminal} of {held.retailer.get('name')}, {held.store.get('name')}.")
        print(f"It is {status.standing}, and its credential ends on {status.expires_on}.")
        print(f"Its key is {status.fingerprint}." if status.fingerprint else "It has no key, so it signs nothing.")
        print(f"All is kept in {folder}; sell with: posctl")
    return 0


def _talk(shell: Shell) -> None:
    """The conversation, until the input ends or somebody quits."""
    typed = _typed(shell) if sys.stdin.isatty() else _read(shell)
    if sys.stdin.isatty():
        shell.say("Type help to see what can be typed.")
    for line in typed:
        shell.tell_news()
        if not shell.run(line):
            break
        shell.out.flush()
    shell.tell_news()


def _typed(shell: Shell) -> Iterator[str]:
    """Lines from the keyboard or a scanner that acts as one, with a memory and completion where there is readline."""
    with contextlib.suppress(ImportError):
        _complete(shell)
    while True:
        shell.tell_news()
        try:
            yield input(shell.prompt)
        except (EOFError, KeyboardInterrupt):
            shell.say("")
            return


def _read(shell: Shell) -> Iterator[str]:
    """Lines from a file, shown as if they had been typed; those that begin with a hash are remarks."""
    for line in sys.stdin:
        text = line.strip()
        if text and not text.startswith("#"):
            shell.say(f"> {text}")
            yield text


def _complete(shell: Shell) -> None:
    """Raises ImportError where Python has no readline."""
    import readline

    texts = [*shell.commands, *(product.name for product in shell.catalogue.products)]

    def complete(typed: str, state: int) -> str | None:
        found = [text for text in texts if text.lower().startswith(typed.lower())]
        return found[state] if state < len(found) else None

    readline.set_completer_delims("")
    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")


if __name__ == "__main__":
    sys.exit(main())
