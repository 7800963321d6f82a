"""Reads a retailer's journal for SAF-T: a few sums, then line by line while the file is written.

Every query looks at entries up to the newest number that there was at the beginning: numbers are given under a lock, so
what is posted meanwhile is in none of them, and the totals are those of the entries that follow.
"""

from collections.abc import Iterator
from datetime import UTC, date
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from accounting.books.models import Account, Books, JournalEntry, JournalLine
from accounting.exports.faults import AuditFault, check_period
from accounting.exports.saf_t.content import (
    AccountBalance,
    Book,
    Company,
    Entry,
    Journal,
    Line,
    Masters,
    StoreName,
    TaxCode,
    Totals,
)
from accounting.exports.texts import fits
from transactions.models import Retailer

# A year of a hundred stores: a hundred megabytes, read and written in five seconds.
LINES_MAX = 400_000
# What a cursor hands over at once.
CHUNK = 2_000
SERVER = "server"
_ENTRY = ("number", "kind", "dated", "for_day", "made_at", "made_by", "text", "store", "close__day", "close__part")
_LINE = ("position", "account__number", "account__kind", "text", "amount", "tax_code", "tax_rate")
_COLUMNS = (*[f"entry__{name}" for name in _ENTRY], "entry__reverses__number", *_LINE)
_RESULT = frozenset({Account.Kind.INCOME, Account.Kind.EXPENSE})


def book(retailer_id: int, first: date, last: date, currency: str) -> Book:
    """The books of these days, entries in `currency` alone. Raises AuditFault."""
    check_period(first, last)
    if not fits(currency):
        raise AuditFault("currency", f"SAF-T writes amounts with two decimals; {currency} has more.")
    known = JournalEntry.objects.filter(retailer=retailer_id, currency=currency, dated__lte=last)
    newest = known.aggregate(newest=Max("number"))["newest"] or 0
    known = known.filter(number__lte=newest)
    entries = known.filter(dated__gte=first)
    sums = entries.aggregate(Count("id"), Sum("total", default=0), Sum("line_count", default=0), Max("made_at"))
    if sums["line_count__sum"] > LINES_MAX:
        raise AuditFault(
            "last",
            f"These days have {sums['line_count__sum']:,} lines, and a file holds {LINES_MAX:,}: ask for fewer days.",
        )
    made_at = sums["made_at__max"]
    return Book(
        company=_company(retailer_id),
        currency=currency,
        first=first,
        last=last,
        made_on=made_at.astimezone(UTC).date() if made_at else last,
        masters=Masters(accounts=_accounts(known, first), taxes=_taxes(entries), stores=_stores(entries)),
        totals=Totals(sums["id__count"], sums["total__sum"]),
        journals=(Journal(kind, kind.label, _entries(entries.filter(kind=kind))) for kind in JournalEntry.Kind),
    )


def _company(retailer_id: int) -> Company:
    retailer = Retailer.objects.get(pk=retailer_id)
    books = Books.objects.filter(retailer=retailer).first() or Books()
    return Company(
        name=books.legal_name or retailer.name,
        tax_id=retailer.tax_id,
        street=books.street,
        city=books.city,
        postal_code=books.postal_code,
        country=books.country,
    )


def _accounts(known: QuerySet[JournalEntry], first: date) -> list[AccountBalance]:
    """Every account that was ever posted to; sorted here, because a database sorts by its own country's rules."""
    rows = (
        JournalLine.objects.filter(entry__in=known)
        .order_by()
        .values_list("account__number", "account__name", "account__kind")
        .annotate(opening=Sum("amount", filter=Q(entry__dated__lt=first), default=0), closing=Sum("amount"))
    )
    return sorted(AccountBalance(*row) for row in rows)


def _taxes(entries: QuerySet[JournalEntry]) -> list[TaxCode]:
    lines = JournalLine.objects.filter(entry__in=entries).exclude(tax_code="").order_by()
    return sorted(TaxCode(*row) for row in lines.values_list("tax_code", "tax_rate").distinct())


def _stores(entries: QuerySet[JournalEntry]) -> list[StoreName]:
    stores = entries.filter(store__isnull=False).order_by().values_list("store", "store__name").distinct()
    return sorted(StoreName(*row) for row in stores)


def _entries(entries: QuerySet[JournalEntry]) -> Iterator[Entry]:
    lines = JournalLine.objects.filter(entry__in=entries).order_by("entry__number", "position")
    rows = lines.values_list(*_COLUMNS).iterator(chunk_size=CHUNK)
    for _, own in groupby(rows, key=itemgetter(0)):
        found = list(own)
        yield _entry(found[0], [_line(row[len(_ENTRY) + 1 :]) for row in found])


def _entry(row: tuple[Any, ...], lines: list[Line]) -> Entry:
    number, kind, dated, for_day, made_at, made_by, text, store, day, part, reverses, *_ = row
    source = f"close {day} part {part}" if day else f"entry {reverses}" if reverses else ""
    return Entry(
        number=number,
        kind=kind,
        dated=dated,
        about=for_day or dated,
        made_on=made_at.astimezone(UTC).date(),
        # A login may be given another name, and then an older file would be another one.
        made_by=SERVER if made_by is None else f"user {made_by}",
        text=text,
        store=store,
        source=source,
        lines=lines,
    )


def _line(row: tuple[Any, ...]) -> Line:
    position, account, kind, text, amount, tax_code, tax_rate = row
    return Line(position, account, kind in _RESULT, text, amount, tax_code, tax_rate)
