"""The demo's past through the real API into the ledger: whole, without gaps, and once, however often it is loaded."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from ledger.flush import flush_all
from ledger.models import Entry
from ledger.shards import ALL_SHARDS
from transactions import demo
from transactions.operations import create_retailer, create_store, enrol_terminals
from transactions.replay.history.book import Book, begin_book, lengthen
from transactions.replay.history.load import load
from transactions.replay.history.progress import PROGRESS_NAME
from transactions.replay.source import clock_s, load_year
from transactions.replay.tills import registry_name
from transactions.states import read_state

if TYPE_CHECKING:
    from ledger.flush import Flushed

# Some 280 receipts, as a rule with a refund or two.
WEEKS = 2
FLUSH_EVERY_S = 0.1


def begin_at_two_stores(folder: Path, now: datetime) -> Book:
    """The past of the two busiest stores, of two retailers, in a registry that has no others."""
    tills = {}
    for planned in demo.planned_stores()[:2]:
        retailer = create_retailer(name=planned.retailer.name, tax_id=planned.retailer.tax_id)
        store = create_store(retailer=retailer, name=planned.name)
        tills[planned.source_store] = [terminal.number for terminal in enrol_terminals(store=store, count=2)]
    book = begin_book(registry_name(), now, tills)
    lengthen(book, folder, weeks=WEEKS, year=load_year(), oldest_s=clock_s(now - timedelta(days=386)))
    return book


@contextmanager
def flushing() -> Iterator[None]:
    """Flushes while the block runs, as workers do: what takes a sale back is taken once the ledger has the sale."""
    ended = threading.Event()

    def flush_on() -> None:
        while not ended.wait(FLUSH_EVERY_S):
            flush_all(ALL_SHARDS)
        connections.close_all()

    flusher = threading.Thread(target=flush_on)
    flusher.start()
    try:
        yield
    finally:
        ended.set()
        flusher.join()


def test_the_past_is_in_the_ledger_once_and_without_gaps(
    ledger: redis.Redis, live_server: LiveServer, flush_everything: "Callable[[], Flushed]", tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    book = begin_at_two_stores(tmp_path, now)
    shown: list[int] = []

    def load_it() -> None:
        with flushing():
            load(
                book,
                tmp_path,
                url=live_server.url,
                connections=2,
                stop=threading.Event(),
                show=lambda sent, _problem: shown.append(sent),
            )
        flush_everything()

    load_it()
    assert shown[-1] == book.total > 100
    assert Entry.objects.count() == book.total
    planned = book.happenings(load_year(), book.parts[0].after_s, book.parts[0].until_s)
    assert Counter(Entry.objects.values_list("type", flat=True)) == Counter(planned.kinds.tolist())
    assert not Entry.objects.filter(issued_at__gt=now).exists()
    for terminal, (_, count) in book.parts[0].numbers.items():
        state = read_state(ledger, terminal)
        assert state is not None
        assert (state.last, state.gaps) == (count, ())

    # A load that remembers nothing of what it sent changes nothing either.
    (tmp_path / PROGRESS_NAME).unlink()
    load_it()
    assert shown[-1] == book.total
    assert Entry.objects.count() == book.total
