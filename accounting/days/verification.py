"""Reads every close again: hashes, chains and sums, held against the feed and the journal, store by store.

A store's advisory lock is held while it is read, so that nobody closes a day of it halfway through. What the feed has
got since the store was last looked through is waiting, not wrong.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice

from django.db import connection, transaction

from accounting.books.models import JournalEntry, JournalLine
from accounting.days.checking import EntryLine, KeptClose, KeptReport, StoreCheck
from accounting.days.closing import STORE_LOCK
from accounting.days.fed import StoreDays
from accounting.days.models import ClosedTo, StoreClose, TerminalClose, TerminalSequences
from transactions.models import Store

# Closes that are read at once; some megabytes of contents.
CHUNK_CLOSES = 500
# Days of which what is fed is read at once.
CHUNK_DAYS = 100


@dataclass
class Verified:
    """What was read: closes, Z reports, entries; days that wait to be closed; and how many faults were found."""

    stores: int = 0
    closes: int = 0
    reports: int = 0
    entries: int = 0
    waiting: int = 0
    faults: int = 0

    def summary(self) -> str:
        """One line for people."""
        return (
            f"{self.stores:,} stores, {self.closes:,} closes with {self.reports:,} Z reports and {self.entries:,} "
            f"entries: {self.faults:,} faults; {self.waiting:,} days of stores wait to be closed"
        )


def verify(retailer: int | None, tell: Callable[[str], None]) -> Verified:
    """Checks all stores, or those of a retailer; tells every fault as soon as it is found."""
    done = Verified()
    stores = (
        Store.objects.order_by("pk") if retailer is None else Store.objects.filter(retailer=retailer).order_by("pk")
    )
    for store, shard in stores.values_list("pk", "shard"):
        # Read before the store is, so that what came meanwhile counts as waiting.
        mark = ClosedTo.objects.filter(pk=shard).first() or ClosedTo(shard=shard)
        for fault in _verify_store(store, mark, done):
            done.faults += 1
            tell(fault)
        done.stores += 1
    return done


def _verify_store(store: int, mark: ClosedTo, done: Verified) -> Iterator[str]:
    check = StoreCheck(store)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [STORE_LOCK, store])
        for _, parts in groupby(_closes(store, done), key=lambda close: close.day):
            for part, close in enumerate(parts, start=1):
                check.add(close, part)
        check.check_chains()
        faults = [*check.faults, *_against_the_feed(check, mark, done)]
    yield from faults


def _closes(store: int, done: Verified) -> Iterator[KeptClose]:
    """The store's closes by day and part."""
    rows = StoreClose.objects.filter(store=store).order_by("day", "part").iterator(CHUNK_CLOSES)
    while chunk := list(islice(rows, CHUNK_CLOSES)):
        reports: defaultdict[int, list[KeptReport]] = defaultdict(list)
        for row in TerminalClose.objects.filter(close__in=chunk).order_by("terminal"):
            reports[row.close_id].append(
                KeptReport(row.terminal, row.number, row.content, row.previous_hash, row.hash)
            )  # fmt: skip
        entries = _entries(chunk)
        for close in chunk:
            done.closes += 1
            done.reports += len(reports[close.pk])
            done.entries += len(entries[close.pk])
            yield KeptClose(
                close.retailer_id, store, str(close.day), close.part, close.records, close.missing, close.filled,
                close.content, tuple(reports[close.pk]), entries[close.pk],
            )  # fmt: skip


def _entries(closes: Sequence[StoreClose]) -> defaultdict[int, dict[str, list[EntryLine]]]:
    """The lines of the entries of closes, by close and currency."""
    found: defaultdict[int, dict[str, list[EntryLine]]] = defaultdict(dict)
    lines = JournalLine.objects.filter(entry__close__in=closes, entry__kind=JournalEntry.Kind.CLOSE)
    names = ("entry__close", "entry__currency", "amount", "tax_code", "tax_rate")
    for close, currency, amount, code, rate in lines.values_list(*names):
        found[close].setdefault(currency, []).append((amount, code, rate))
    return found


def _against_the_feed(check: StoreCheck, mark: ClosedTo, done: Verified) -> Iterator[str]:
    """The days whose closes and whose fed sums differ; those that are still to be closed are counted."""
    late = _days_behind(check.store, mark)
    fed_days = set(TerminalSequences.objects.filter(store=check.store).values_list("day", flat=True))
    days = sorted({*map(date.fromisoformat, check.days), *fed_days})
    for at in range(0, len(days), CHUNK_DAYS):
        chunk = days[at : at + CHUNK_DAYS]
        fed = StoreDays(check.store, chunk).days
        for day in chunk:
            faults = list(check.compare(str(day), {one.terminal: one.sums for one in fed.get(day, ())}))
            if faults and day in late:
                done.waiting += 1
            else:
                yield from faults


def _days_behind(store: int, mark: ClosedTo) -> set[date]:
    """Days that nobody has looked at yet, or not since they got more."""
    rows = TerminalSequences.objects.filter(store=store)
    newer = rows.filter(day__gt=mark.day) if mark.day else rows
    changed = rows.filter(late_block__gt=mark.block)
    return {*newer.values_list("day", flat=True), *changed.values_list("day", flat=True)}
