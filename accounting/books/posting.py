"""What is posted by itself: closes of days, counts of cash, and the reversal of an entry."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from accounting.books.chart import rules_of
from accounting.books.faults import BooksFault
from accounting.books.models import JournalEntry, PostingRule
from accounting.books.rulebook import Rulebook
from accounting.books.splitting import Part, parts_of
from accounting.books.writing import Draft, DraftLine, hold_books, write_entries, write_entry
from accounting.cash.models import CashUp
from accounting.days.content import read_content
from accounting.days.models import StoreClose
from possys.accounts.models import User
from transactions.models import Store

__all__ = ["Draft", "DraftLine", "post_cash_up", "post_close", "post_closes", "reverse", "reverse_once", "write_entry"]

Kind = JournalEntry.Kind
Purpose = PostingRule.Purpose


def post_close(close: StoreClose, now: datetime) -> list[JournalEntry]:
    """The close's entries, one a currency in which anything moved; those that exist when it was posted already."""
    return post_closes([close], now)


@transaction.atomic
def post_closes(closes: Sequence[StoreClose], now: datetime) -> list[JournalEntry]:
    """The entries of closes of one retailer, in the order of the closes; each close is posted once."""
    if not closes:
        return []
    retailer_id = closes[0].retailer_id
    hold_books(retailer_id)
    known = list(JournalEntry.objects.filter(close__in=closes, kind=Kind.CLOSE).order_by("number"))
    posted = {entry.close_id for entry in known}
    new = [close for close in closes if close.pk not in posted]
    if not new:
        return known
    rules = rules_of(retailer_id)
    names = dict(Store.objects.filter(pk__in={close.store_id for close in new}).values_list("pk", "name"))
    drafts = [draft for close in new for draft in _close_drafts(close, names[close.store_id], rules)]
    return known + write_entries(drafts, now)


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


def _close_drafts(close: StoreClose, store: str, rules: Rulebook) -> Iterator[Draft]:
    later = f", supplement {close.part - 1}" if close.part > 1 else ""
    for currency, parts in parts_of(read_content(close.content).currencies):
        yield Draft(
            retailer_id=close.retailer_id,
            kind=Kind.CLOSE,
            day=close.day,
            currency=currency,
            text=f"Close of {store}, {close.day}{later}",
            lines=tuple(_line(rules.account(part.purpose, part.key), part) for part in parts),
            store_id=close.store_id,
            close=close,
        )


def _line(account_id: int, part: Part) -> DraftLine:
    return DraftLine(account_id, part.amount, _part_text(part), part.tax_code, part.tax_rate)


def _part_text(part: Part) -> str:
    word = Purpose(part.purpose)
    if word in {Purpose.REVENUE, Purpose.TAX}:
        name = "Sales" if word is Purpose.REVENUE else "Tax"
        return f"{name} {part.key}" + (f" {part.tax_rate} %" if part.tax_rate else "")
    return part.key.capitalize() if part.key else word.label
