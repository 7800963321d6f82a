"""Opening a demo's history and loading what is not sent of it yet."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from possys import receipt_keys
from transactions import demo
from transactions.replay.acknowledgements import AcknowledgementFile
from transactions.replay.delivery import Delivery
from transactions.replay.history.book import Book, begin_book, lengthen, read_book
from transactions.replay.history.gateways import Gateway, gateways_of
from transactions.replay.history.loader import Loader
from transactions.replay.history.progress import Progress
from transactions.replay.history.receipts import Receipts
from transactions.replay.history.room import wait_for_room
from transactions.replay.source import clock_s, load_year
from transactions.replay.tally import Tally
from transactions.replay.tills import demo_tills, registry_name

# A load that is broken off can be taken up again for so long, before capture finds its first days too old.
DAYS_TO_FINISH = 14
ACKNOWLEDGED_NAME = "acknowledged-history.jsonl"
SHOW_EVERY_S = 0.5

# Told how many receipts are sent, and what the server said last against one.
Show = Callable[[int, str], None]


def open_history(folder: Path, *, weeks: int, now: datetime) -> Book | None:
    """The history of the demo registry, begun or made longer where it is shorter than `weeks`; None when there is none.

    Its numbers are set aside when this returns. Raises SourceMissingError and RegistryMissingError.
    """
    registry = registry_name()
    book = read_book(folder, registry)
    if weeks <= (book.weeks if book else 0):
        return book
    year = load_year()
    if book is None:
        tills = demo_tills(store.source_store for store in demo.planned_stores())
        numbers = {store: [number for number, _ in own.terminals] for store, own in tills.items()}
        book = begin_book(registry, now, numbers)
    oldest = now - timedelta(days=settings.CAPTURE_PAST_DAYS - DAYS_TO_FINISH)
    lengthen(book, folder, weeks=weeks, year=year, oldest_s=clock_s(oldest))
    return book


def progress_of(book: Book, folder: Path) -> Progress:
    """How far the book is sent."""
    return Progress(folder, f"{book.registry} {book.anchored_at.isoformat()}")


def load(book: Book, folder: Path, *, url: str, connections: int, stop: threading.Event, show: Show) -> None:
    """Sends what is not sent of the book yet, or until stopped.

    Raises RefusedError when the server refused a receipt, and OSError when nothing can be written down.
    """
    progress = progress_of(book, folder)
    gateways = list(unfinished(book, progress))
    file = AcknowledgementFile(folder / ACKNOWLEDGED_NAME)
    tally = Tally(connections)
    deliveries = [
        Delivery(url=url, batched=True, file=file, tally=tally.lane(place), stop=stop) for place in range(connections)
    ]
    loader = Loader(gateways, progress=progress, wait_for_room=wait_for_room, stop=stop)

    def look() -> None:
        show(progress.total(), tally.last_problem())

    try:
        loader.run(deliveries, look, look_every_s=SHOW_EVERY_S)
    finally:
        look()
        file.close()


def unfinished(book: Book, progress: Progress) -> Iterable[Gateway]:
    """What every gateway has left to send."""
    if progress.total() >= book.total:
        return
    year, tills = load_year(), demo_tills(book.tills)
    for place, part in enumerate(book.parts):
        rows = book.happenings(year, part.after_s, part.until_s)
        sequences = rows.sequences({terminal: first for terminal, (first, _) in part.numbers.items()})
        yield from gateways_of(Receipts(year, rows, sequences, receipt_keys.table()), place, tills, progress)
