"""Entries written by hand, and locking a period."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounting.books.faults import BooksFault
from accounting.books.models import Account, Books, JournalEntry
from accounting.books.writing import Draft, DraftLine, hold_books, write_entry
from possys.accounts.models import User

# The day before receipt codes begin; nothing can have been sold before (possys/codes).
FIRST_DAY = date(2020, 1, 1)


@dataclass(frozen=True)
class ManualLine:
    """A row of the form: one of debit and credit, in minor units; negative amounts are the other side's."""

    account: str
    debit: int
    credit: int
    text: str = ""


@dataclass(frozen=True)
class ManualEntry:
    """What somebody writes."""

    day: date
    currency: str
    text: str
    lines: tuple[ManualLine, ...]
    store_id: int | None = None


@transaction.atomic
def write_by_hand(retailer_id: int, asked: ManualEntry, user: User, now: datetime) -> JournalEntry:
    """The entry. Raises BooksFault: unknown accounts, sides that differ, a locked or future day."""
    check_day(hold_books(retailer_id), asked.day, now)
    draft = Draft(
        retailer_id=retailer_id,
        kind=JournalEntry.Kind.MANUAL,
        day=asked.day,
        currency=asked.currency,
        text=asked.text,
        lines=_lines(retailer_id, asked.lines),
        store_id=asked.store_id,
        made_by=user,
    )
    return write_entry(draft, now)


@transaction.atomic
def lock_until(retailer_id: int, day: date, now: datetime) -> None:
    """Nothing is dated on this day or before any more. Raises BooksFault: never back, at most yesterday."""
    books = hold_books(retailer_id)
    if books.locked_until == day:
        return
    if books.locked_until is not None and day < books.locked_until:
        raise BooksFault(
            f"The books are locked until {books.locked_until}; a lock is never taken back.", "locked_until"
        )
    yesterday = timezone.localtime(now).date() - timedelta(days=1)
    if day > yesterday:
        raise BooksFault(f"Days that are over can be locked, until {yesterday}.", "locked_until")
    if day < FIRST_DAY:
        raise BooksFault(f"Choose a day from {FIRST_DAY} on.", "locked_until")
    books.locked_until = day
    books.save(update_fields=["locked_until"])


def check_day(books: Books, day: date, now: datetime) -> None:
    """Whether somebody may date an entry so. Raises BooksFault."""
    if books.locked_until is not None and day <= books.locked_until:
        raise BooksFault(f"The books are locked until {books.locked_until}. Choose a later day.", "day")
    today = timezone.localtime(now).date()
    if day > today:
        raise BooksFault("An entry is about what has happened: choose a day until today.", "day")
    if day < FIRST_DAY:
        raise BooksFault(f"Choose a day from {FIRST_DAY} on.", "day")


def _lines(retailer_id: int, lines: tuple[ManualLine, ...]) -> tuple[DraftLine, ...]:
    """Raises BooksFault, naming the row."""
    numbers = {line.account for line in lines}
    accounts = {account.number: account for account in Account.objects.filter(retailer=retailer_id, number__in=numbers)}
    found = []
    for row, line in enumerate(lines):
        account = accounts.get(line.account)
        if account is None or not account.is_active:
            raise BooksFault(f"There is no account {line.account} in use.", f"rows.{row}.account")
        if bool(line.debit) == bool(line.credit):
            raise BooksFault("Give a debit or a credit.", f"rows.{row}.debit")
        found.append(DraftLine(account.pk, line.debit - line.credit, line.text))
    return tuple(found)
