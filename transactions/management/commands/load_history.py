"""Gives the demo a past: a year of real baskets, moved to end today; docs/replay.md describes it."""

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transactions.management.commands.replay import REPLAY_FOLDER
from transactions.replay.history.book import WEEKS_MAX, Book
from transactions.replay.history.load import ACKNOWLEDGED_NAME, load, open_history, progress_of
from transactions.replay.history.loader import RefusedError
from transactions.replay.history.progress import AlreadyLoadingError, only_loader
from transactions.replay.history.screen import Screen
from transactions.replay.source import SourceMissingError
from transactions.replay.tills import RegistryMissingError

# Batches of 500 keep two workers of the web server busy and leave the third to live sales.
CONNECTIONS_DEFAULT = 2
CONNECTIONS_MAX = 16


class Command(BaseCommand):
    """`manage.py load_history`: exits 1 when the server refused a receipt; what is sent already is never sent again."""

    help = "Send a year of real baskets, moved to end today, as the demo's past. Goes on where it was broken off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--weeks", type=int, default=WEEKS_MAX, help=f"the last so many (default: {WEEKS_MAX}, all)"
        )
        parser.add_argument("--url", default=settings.SITE_URL, help="the server (default: SITE_URL)")
        parser.add_argument("--connections", type=int, default=CONNECTIONS_DEFAULT, help="batches under way at once")
        parser.add_argument("--folder", type=Path, default=REPLAY_FOLDER, help="where the tills' state is kept")
        parser.add_argument("--status", type=Path, metavar="FILE", help="JSON rewritten twice a second")
        parser.add_argument("--quiet", action="store_true", help="only the summary")

    def handle(self, *_args: Any, **options: Any) -> None:
        check_ranges(options)
        try:
            with only_loader(options["folder"]):
                book = open_history(options["folder"], weeks=options["weeks"], now=datetime.now(UTC))
                if book is None or progress_of(book, options["folder"]).total() >= book.total:
                    self.stdout.write("nothing is left to send")
                else:
                    self.stdout.write(send(book, options))
        except (SourceMissingError, RegistryMissingError, AlreadyLoadingError) as fault:
            raise CommandError(str(fault)) from fault


def check_ranges(options: dict[str, Any]) -> None:
    """Raises CommandError for a number that makes no sense."""
    for name, low, high in (("weeks", 0, WEEKS_MAX), ("connections", 1, CONNECTIONS_MAX)):
        if not low <= options[name] <= high:
            raise CommandError(f"--{name} must be from {low} to {high}")


def send(book: Book, options: dict[str, Any]) -> str:
    """Sends what is left, until SIGTERM or Ctrl-C; answers the summary. Raises CommandError for what was refused."""
    folder, stop = options["folder"], threading.Event()
    before = progress_of(book, folder).total()
    screen = Screen(
        total=book.total, before=before, status_path=options["status"], quiet=options["quiet"], out=sys.stdout
    )
    # Says at once that the tills' numbers are set aside.
    screen.show(before, "")
    handlers = {
        number: signal.signal(number, lambda _number, _frame: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    url, connections = options["url"].rstrip("/"), options["connections"]
    try:
        load(book, folder, url=url, connections=connections, stop=stop, show=screen.show)
    except RefusedError as fault:
        raise CommandError(f"the server refused a receipt: {screen.problem}") from fault
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        summary = screen.finish()
    return f"{summary}\nacknowledged receipts: {folder / ACKNOWLEDGED_NAME}"
