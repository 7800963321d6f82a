"""Writing the journal. Every entry comes through `write_entries`; nothing is ever changed or taken away.

Whoever writes holds the row of the retailer's books: entries are numbered without a gap, and a period cannot be locked
between the decision for a day and the commit. What belongs to a locked day is dated on the first open day, and names
its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounting.books.chart import open_books
from accounting.books.faults import BooksFault
from accounting.books.models import TEXT_MAX, Books, JournalEntry, JournalLine
from accounting.days.models import StoreClose
from possys.accounts.models import User
from possys.money import shown

# A bookkeeper's sheet; a close has at most some fifty.
LINES_MAX = 500
# PostgreSQL's bigint; sums of a day's amounts stay far below.
TOTAL_MAX = 2**63 - 1


@dataclass(frozen=True)
class DraftLine:
    """A line to be: a debit is positive."""

    account_id: int
    amount: int
    text: str = ""
    tax_code: str = ""
    tax_rate: str = ""


@dataclass(frozen=True)
class Draft:
    """An entry to be; `day` is the one it is about, and its date if that is not locked."""

    retailer_id: int
    kind: str
    day: date
    currency: str
    text: str
    lines: tuple[DraftLine, ...]
    store_id: int | None = None
    close: StoreClose | None = None
    reverses: JournalEntry | None = None
    made_by: User | None = None


@transaction.atomic
def write_entries(drafts: Sequence[Draft], now: datetime) -> list[JournalEntry]:
    """Entries of one retailer with their lines, those of 0 left out.

    Raises BooksFault when one does not balance or moves nothing; then none is written.
    """
    if not drafts:
        return []
    checked = [_checked(draft) for draft in drafts]
    books = hold_books(drafts[0].retailer_id)
    numbered = enumerate(zip(drafts, checked, strict=True), start=books.last_number + 1)
    entries = JournalEntry.objects.bulk_create(
        _entry(books, number, draft, lines, now) for number, (draft, lines) in numbered
    )
    JournalLine.objects.bulk_create(
        JournalLine(entry=entry, position=position, **vars(line))
        for entry, lines in zip(entries, checked, strict=True)
        for position, line in enumerate(lines, start=1)
    )
    books.last_number += len(entries)
    books.save(update_fields=["last_number"])
    return entries


def write_entry(draft: Draft, now: datetime) -> JournalEntry:
    """One entry. Raises BooksFault."""
    return write_entries([draft], now)[0]


def hold_books(retailer_id: int) -> Books:
    """The retailer's books, held until the end of the DB transaction."""
    held = Books.objects.select_for_update().filter(pk=retailer_id)
    found = held.first()
    if found is None:
        open_books(retailer_id)
        found = held.get()
    return found


def first_open_day(books: Books, day: date) -> date:
    """The day itself, or the first behind what is locked."""
    if books.locked_until is None or day > books.locked_until:
        return day
    return books.locked_until + timedelta(days=1)


def _entry(books: Books, number: int, draft: Draft, lines: list[DraftLine], now: datetime) -> JournalEntry:
    dated = first_open_day(books, draft.day)
    return JournalEntry(
        retailer_id=draft.retailer_id,
        number=number,
        kind=draft.kind,
        dated=dated,
        for_day=None if dated == draft.day else draft.day,
        store_id=draft.store_id,
        currency=draft.currency,
        total=sum(line.amount for line in lines if line.amount > 0),
        line_count=len(lines),
        text=draft.text[:TEXT_MAX],
        close=draft.close,
        reverses=draft.reverses,
        made_by=draft.made_by,
        made_at=now,
    )


def _checked(draft: Draft) -> list[DraftLine]:
    """The lines that move something. Raises BooksFault."""
    moving = [line for line in draft.lines if line.amount]
    if not moving:
        raise BooksFault("An entry moves something: give debits and credits.")
    if len(moving) > LINES_MAX:
        raise BooksFault(f"An entry has at most {LINES_MAX} lines.")
    debits = sum(line.amount for line in moving if line.amount > 0)
    credits = -sum(line.amount for line in moving if line.amount < 0)
    if debits != credits:
        sides = f"{shown(debits, draft.currency)} of debits and {shown(credits, draft.currency)} of credits"
        raise BooksFault(f"Debits and credits must be the same; these are {sides}.")
    if debits > TOTAL_MAX:
        raise BooksFault("These amounts are too large.")
    return moving
