"""What is read of the books: balances, the journal, one account's statement. Amounts: minor units, debits positive."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from accounting.books.models import Account, JournalEntry, JournalLine


class Balance(NamedTuple):
    """An account in a period; `credit` is positive, `closing` = `opening` + `debit` - `credit`."""

    account: Account
    opening: int
    debit: int
    credit: int
    closing: int


@dataclass(frozen=True)
class Wanted:
    """Which entries: of these days (both included), and narrowed down by what is not None or ""."""

    first: date
    last: date
    currency: str
    account_id: int | None = None
    store_id: int | None = None
    kind: str = ""
    search: str = ""


class StatementLine(NamedTuple):
    """A line of an account with the account's balance behind it; `key` says where the next page begins."""

    line: JournalLine
    balance: int

    @property
    def key(self) -> str:
        """The line's place in the account."""
        return f"{self.line.entry.dated}_{self.line.entry.number}_{self.line.position}"


class LinePlace(NamedTuple):
    """Where a list of lines goes on: behind this one."""

    number: int
    position: int


def balances(retailer_id: int, currency: str, first: date, last: date) -> list[Balance]:
    """Every account in the order of their numbers; the sums of all are 0, and debits are as much as credits."""
    before, within = Q(entry__dated__lt=first), Q(entry__dated__gte=first)
    rows = (
        JournalLine.objects.filter(entry__retailer=retailer_id, entry__currency=currency, entry__dated__lte=last)
        .order_by()
        .values("account")
        .annotate(
            opening=_sum(Q(before)),
            debit=_sum(within & Q(amount__gt=0)),
            credit=_sum(within & Q(amount__lt=0)),
        )
    )
    sums = {row["account"]: (int(row["opening"]), int(row["debit"]), -int(row["credit"])) for row in rows}
    found = []
    for account in Account.objects.filter(retailer=retailer_id):
        opening, debit, credit = sums.get(account.pk, (0, 0, 0))
        found.append(Balance(account, opening, debit, credit, opening + debit - credit))
    return found


def currencies(retailer_id: int) -> list[str]:
    """Those of the retailer's entries, the one with most entries first."""
    rows = JournalEntry.objects.filter(retailer=retailer_id).order_by().values("currency").annotate(entries=Count("pk"))
    return [row["currency"] for row in sorted(rows, key=lambda row: (-row["entries"], row["currency"]))]


def entries(retailer_id: int, wanted: Wanted, *, limit: int, before: int | None = None) -> list[JournalEntry]:
    """The newest first, at most `limit`, only those with numbers below `before`; with store, close and author."""
    rows = _wanted(retailer_id, wanted)
    if before is not None:
        rows = rows.filter(number__lt=before)
    return list(rows.select_related("store", "made_by", "reversed_by", "reverses").order_by("-number")[:limit])


def lines(retailer_id: int, wanted: Wanted, *, limit: int, after: LinePlace | None = None) -> list[JournalLine]:
    """The lines of these entries, of one account only if that is asked for; in the order of the journal."""
    rows = JournalLine.objects.filter(entry__in=_wanted(retailer_id, wanted))
    if wanted.account_id is not None:
        rows = rows.filter(account=wanted.account_id)
    if after is not None:
        behind = Q(entry__number=after.number, position__gt=after.position)
        rows = rows.filter(Q(entry__number__lt=after.number) | behind)
    return list(rows.select_related("entry__store", "account").order_by("-entry__number", "position")[:limit])


def entry_of(retailer_id: int, number: int) -> JournalEntry | None:
    """One entry of the retailer."""
    rows = JournalEntry.objects.select_related("store", "made_by", "reversed_by", "reverses", "close")
    return rows.filter(retailer=retailer_id, number=number).first()


def lines_of(entry: JournalEntry) -> list[JournalLine]:
    """The entry's lines in their order, with their accounts."""
    return list(entry.lines.select_related("account").order_by("position"))


def account_of(retailer_id: int, number: str) -> Account | None:
    """The retailer's account with this number."""
    return Account.objects.filter(retailer=retailer_id, number=number).first()


def statement(
    account: Account, currency: str, first: date, last: date, *, limit: int, after: str = ""
) -> tuple[int, list[StatementLine]]:
    """The account's balance before the first line, and its lines in the order of their days, at most `limit`.

    `after` is the key of a line: only what stands behind it. Raises ValueError when it is none.
    """
    lines = JournalLine.objects.filter(account=account, entry__currency=currency)
    period = lines.filter(entry__dated__gte=first, entry__dated__lte=last)
    if after:
        behind = behind_line(after)
        earlier, shown = lines.filter(entry__dated__lte=last).exclude(behind), period.filter(behind)
    else:
        earlier, shown = lines.filter(entry__dated__lt=first), period
    opening = balance = int(earlier.aggregate(sum=Coalesce(Sum("amount"), 0))["sum"])
    found = []
    for line in _in_order(shown)[:limit]:
        balance += line.amount
        found.append(StatementLine(line, balance))
    return opening, found


def _in_order(lines: QuerySet[JournalLine]) -> QuerySet[JournalLine]:
    return lines.select_related("entry", "entry__store").order_by("entry__dated", "entry__number", "position")


def behind_line(key: str) -> Q:
    """What stands behind a line in an account. Raises ValueError."""
    day_text, number_text, position_text = key.split("_")
    day, number, position = date.fromisoformat(day_text), int(number_text), int(position_text)
    same_entry = Q(entry__dated=day, entry__number=number, position__gt=position)
    return Q(entry__dated__gt=day) | Q(entry__dated=day, entry__number__gt=number) | same_entry


def _wanted(retailer_id: int, wanted: Wanted) -> QuerySet[JournalEntry]:
    rows = JournalEntry.objects.filter(
        retailer=retailer_id, currency=wanted.currency, dated__gte=wanted.first, dated__lte=wanted.last
    )
    if wanted.account_id is not None:
        rows = rows.filter(pk__in=JournalLine.objects.filter(account=wanted.account_id).values("entry"))
    if wanted.store_id is not None:
        rows = rows.filter(store=wanted.store_id)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    return rows.filter(_matches(wanted.search)) if wanted.search else rows


def _matches(search: str) -> Q:
    """Entries with this in their text or in that of a line; a number is also an entry's own."""
    lines = JournalLine.objects.filter(text__icontains=search).values("entry")
    found = Q(text__icontains=search) | Q(pk__in=lines)
    if search.isascii() and search.isdigit() and len(search) <= len(str(2**63)) - 1:
        found |= Q(number=int(search))
    return found


def _sum(condition: Q) -> Coalesce:
    return Coalesce(Sum(Case(When(condition, then=F("amount")))), 0)
