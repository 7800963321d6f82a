"""Writing the journal. Every entry comes through `write_entry`; nothing is ever changed or taken away.

Whoever writes holds the row of the retailer's books: entries are numbered without a gap, and a period cannot be locked
between the decision for a day and the commit. What belongs to a locked day is dated on the first open day, and names
its own.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounting.books.chart import open_books, rules_of
from accounting.books.faults import BooksFault
from accounting.books.models import TEXT_MAX, Books, JournalEntry, JournalLine, PostingRule
from accounting.books.splitting import Part, parts_of
from accounting.cash.models import CashUp
from accounting.days.content import read_content
from accounting.days.models import StoreClose
from possys.accounts.models import User
from possys.money import shown
from transactions.models import Store

Kind = JournalEntry.Kind
Purpose = PostingRule.Purpose
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
def write_entry(draft: Draft, now: datetime) -> JournalEntry:
    """The entry with its lines, those of 0 left out. Raises BooksFault when it does not balance or moves nothing."""
    lines = _checked(draft)
    books = hold_books(draft.retailer_id)
    dated = first_open_day(books, draft.day)
    books.last_number += 1
    books.save(update_fields=["last_number"])
    entry = JournalEntry.objects.create(
        retailer_id=draft.retailer_id,
        number=books.last_number,
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
    JournalLine.objects.bulk_create(
        JournalLine(entry=entry, position=position, **vars(line)) for position, line in enumerate(lines, start=1)
    )
    return entry


@transaction.atomic
def post_close(close: StoreClose, now: datetime) -> list[JournalEntry]:
    """The close's entries, one a currency in which anything moved; those that exist when it was posted already."""
    hold_books(close.retailer_id)
    known = list(JournalEntry.objects.filter(close=close, kind=Kind.CLOSE).order_by("number"))
    if known:
        return known
    rules = rules_of(close.retailer_id)
    return [
        write_entry(
            Draft(
                retailer_id=close.retailer_id,
                kind=Kind.CLOSE,
                day=close.day,
                currency=currency,
                text=_close_text(close),
                lines=tuple(_line(rules.account(part.purpose, part.key), part) for part in parts),
                store_id=close.store_id,
                close=close,
            ),
            now,
        )
        for currency, parts in parts_of(read_content(close.content).currencies)
    ]


@transaction.atomic
def post_cash_up(cash_up: CashUp, now: datetime) -> JournalEntry | None:
    """What a count moves: the difference, and what was taken to the bank. None when that is nothing.

    The count is not saved yet, since it names its entry. The entry of the count that it replaces is reversed first.
    """
    store = Store.objects.get(pk=cash_up.store_id)
    hold_books(store.retailer_id)
    if cash_up.replaces is not None and cash_up.replaces.entry is not None:
        reverse_once(cash_up.replaces.entry, cash_up.counted_by, now)
    rules = rules_of(store.retailer_id)
    cash, difference = rules.account(Purpose.PAYMENT, "cash"), cash_up.difference
    short, bank = rules.account(Purpose.CASH_DIFFERENCE), rules.account(Purpose.BANKED)
    lines = (
        DraftLine(cash, difference, "Difference"),
        DraftLine(short, -difference, "Difference"),
        DraftLine(bank, cash_up.banked, "Taken to the bank"),
        DraftLine(cash, -cash_up.banked, "Taken to the bank"),
    )
    if not any(line.amount for line in lines):
        return None
    drawer = f", terminal {cash_up.terminal}" if cash_up.terminal else ""
    draft = Draft(
        retailer_id=store.retailer_id,
        kind=Kind.CASH_UP,
        day=cash_up.day,
        currency=cash_up.currency,
        text=f"Cash-up of {store.name}{drawer}, {cash_up.day}",
        lines=lines,
        store_id=store.pk,
        made_by=cash_up.counted_by,
    )
    return write_entry(draft, now)


@transaction.atomic
def reverse(entry: JournalEntry, user: User | None, now: datetime, text: str = "") -> JournalEntry:
    """A further entry that takes the entry back, dated as it if that day is open. Raises BooksFault the second time."""
    made = reverse_once(entry, user, now, text)
    if made is None:
        raise BooksFault(f"Entry {entry.number} is reversed already.")
    return made


@transaction.atomic
def reverse_once(entry: JournalEntry, user: User | None, now: datetime, text: str = "") -> JournalEntry | None:
    """The reversal; None when there is one already."""
    hold_books(entry.retailer_id)
    if JournalEntry.objects.filter(reverses=entry).exists():
        return None
    draft = Draft(
        retailer_id=entry.retailer_id,
        kind=Kind.REVERSAL,
        day=entry.dated,
        currency=entry.currency,
        text=text or f"Reversal of entry {entry.number}",
        lines=tuple(
            DraftLine(line.account_id, -line.amount, line.text, line.tax_code, line.tax_rate)
            for line in entry.lines.all()
        ),
        store_id=entry.store_id,
        reverses=entry,
        made_by=user,
    )
    return write_entry(draft, now)


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


def _line(account_id: int, part: Part) -> DraftLine:
    return DraftLine(account_id, part.amount, _part_text(part), part.tax_code, part.tax_rate)


def _part_text(part: Part) -> str:
    word = Purpose(part.purpose)
    if word in {Purpose.REVENUE, Purpose.TAX}:
        name = "Sales" if word is Purpose.REVENUE else "Tax"
        return f"{name} {part.key}" + (f" {part.tax_rate} %" if part.tax_rate else "")
    return part.key.capitalize() if part.key else word.label


def _close_text(close: StoreClose) -> str:
    later = f", supplement {close.part - 1}" if close.part > 1 else ""
    return f"Close of {close.store.name}, {close.day}{later}"
