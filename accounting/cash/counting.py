"""Taking a count: it is kept beside what was expected, and its difference and what was banked are posted.

A count is never changed. A wrong one is replaced by another, whose entry comes after a reversal of the first one's.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounting.books.faults import BooksFault
from accounting.books.manual import FIRST_DAY
from accounting.books.posting import post_cash_up
from accounting.books.writing import hold_books
from accounting.cash.expecting import cash_sales, last_remaining
from accounting.cash.models import CashUp
from possys.accounts.models import User
from possys.money import shown
from transactions.models import Store, Terminal


@dataclass(frozen=True)
class Count:
    """What somebody counted; amounts in minor units. `opening` None: what the last count left."""

    store: Store
    terminal: int | None
    day: date
    currency: str
    opening: int | None
    counted: int
    banked: int
    note: str = ""
    is_correction: bool = False


@transaction.atomic
def count_cash(count: Count, user: User, now: datetime) -> CashUp:
    """Keeps the count and posts it. Raises BooksFault."""
    # Who counts the same drawer at the same time waits here.
    hold_books(count.store.retailer_id)
    _check(count, now)
    replaces = _replaced(count)
    if count.opening is None:
        before = replaces.opening if replaces else last_remaining(*_drawer(count))
    else:
        before = count.opening
    made = CashUp(
        store=count.store,
        terminal=count.terminal,
        day=count.day,
        currency=count.currency,
        opening=before or 0,
        cash_sales=cash_sales(*_drawer(count)),
        counted=count.counted,
        banked=count.banked,
        note=count.note,
        replaces=replaces,
        counted_by=user,
        counted_at=now,
    )
    made.entry = post_cash_up(made, now)
    made.save(force_insert=True)
    return made


def _drawer(count: Count) -> tuple[int, int | None, date, str]:
    return count.store.pk, count.terminal, count.day, count.currency


def _check(count: Count, now: datetime) -> None:
    # A store east of the site's time zone is a day ahead for some hours.
    if count.day > timezone.localtime(now).date() + timedelta(days=1):
        raise BooksFault("Nothing can have been sold on that day yet.", "day")
    if count.day < FIRST_DAY:
        raise BooksFault(f"Choose a day from {FIRST_DAY} on.", "day")
    if count.banked > count.counted:
        raise BooksFault("More than was counted cannot be taken to the bank.", "banked")
    terminals = Terminal.objects.filter(store=count.store).values_list("number", flat=True)
    if count.terminal is not None and count.terminal not in terminals:
        raise BooksFault("The store has no such terminal.", "terminal")
    others = _standing(count).filter(terminal__isnull=count.terminal is not None)
    if others.exists():
        counted = "terminal by terminal" if count.terminal is None else "for all terminals together"
        raise BooksFault(f"The cash of this day was counted {counted}.", "terminal")


def _replaced(count: Count) -> CashUp | None:
    """The count of the same drawer that stands, if this one is its correction. Raises BooksFault."""
    standing = _standing(count).filter(terminal=count.terminal).select_related("entry", "counted_by").first()
    if standing is None and count.is_correction:
        raise BooksFault("Nobody has counted this yet: there is nothing to correct.", "is_correction")
    if standing is not None and not count.is_correction:
        raise BooksFault(
            f"This was counted already: {shown(standing.counted, standing.currency)}. "
            "Say that you correct it, and the new count takes its place.",
            "is_correction",
        )
    return standing


def _standing(count: Count) -> QuerySet[CashUp]:
    return CashUp.objects.filter(store=count.store, day=count.day, currency=count.currency, replaced_by__isnull=True)
