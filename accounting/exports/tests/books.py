"""A retailer's books for tests: a chart with whatever names are asked for, and entries as the domain writes them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from accounting.books.models import Account, Books, JournalEntry
from accounting.books.posting import write_entry
from accounting.books.writing import Draft, DraftLine
from accounting.days.models import StoreClose
from transactions.models import Retailer, Store

MADE_AT = datetime(2026, 11, 5, 3, tzinfo=UTC)
NAMES = {
    "1000": "Cash",
    "1010": "Card receivables",
    "2200": "VAT payable",
    "3000": "Equity",
    "4000": "Sales",
    "6000": "Rent",
}
KINDS = {"1": "asset", "2": "liability", "3": "equity", "4": "income", "6": "expense"}

# Account, amount, tax code, tax rate.
Row = tuple[str, int, str, str]
# Paid 121.00 in cash, of which 100.00 net and 21.00 VAT.
SALE: tuple[Row, ...] = (("1000", 12_100, "", ""), ("4000", -10_000, "A", "21.00"), ("2200", -2_100, "A", "21.00"))


def make_books(retailer: Retailer, **names: str) -> Books:
    """Books with the accounts of NAMES, some with other names: `n4000="Umsatz"`."""
    for number, name in NAMES.items():
        kind = KINDS[number[0]]
        Account.objects.create(retailer=retailer, number=number, name=names.get(f"n{number}", name), kind=kind)
    return Books.objects.create(retailer=retailer)


def make_store_close(store: Store, day: date, part: int = 1) -> StoreClose:
    """A close of which only the row matters."""
    return StoreClose.objects.create(
        retailer=store.retailer, store=store, day=day, part=part, records=1, content="{}", closed_at=MADE_AT
    )


def make_entry(
    retailer: Retailer, day: date, lines: Sequence[Row] = SALE, *, now: datetime = MADE_AT, **changes: Any
) -> JournalEntry:
    """An entry with its lines; `changes` replace what else its draft says."""
    accounts = dict(Account.objects.filter(retailer=retailer).values_list("number", "pk"))
    drafted = tuple(DraftLine(accounts[number], amount, "", code, rate) for number, amount, code, rate in lines)
    fields = {"kind": JournalEntry.Kind.MANUAL, "currency": "CZK", "text": f"Entry of {day}", **changes}
    return write_entry(Draft(retailer_id=retailer.pk, day=day, lines=drafted, **fields), now)
