"""A retailer's books for tests: accounts, and entries written as rows, with whatever names are asked for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from accounting.books.models import Account, JournalEntry, JournalLine
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


def make_accounts(retailer: Retailer, **names: str) -> None:
    """The accounts of NAMES, some with other names: `n4000="Umsatz"`."""
    for number, name in NAMES.items():
        kind = KINDS[number[0]]
        Account.objects.create(retailer=retailer, number=number, name=names.get(f"n{number}", name), kind=kind)


def make_store_close(store: Store, day: date, part: int = 1) -> StoreClose:
    """A close of which only the row matters."""
    return StoreClose.objects.create(
        retailer=store.retailer, store=store, day=day, part=part, records=1, content="{}", closed_at=MADE_AT
    )


@transaction.atomic
def make_entry(retailer: Retailer, dated: date, lines: Sequence[Row] = SALE, **changes: Any) -> JournalEntry:
    """An entry with its lines; `changes` replace its fields."""
    fields = {
        "kind": JournalEntry.Kind.MANUAL,
        "currency": "CZK",
        "text": f"Entry of {dated}",
        "made_at": MADE_AT,
        **changes,
    }
    last = JournalEntry.objects.filter(retailer=retailer).order_by("-number").values_list("number", flat=True).first()
    entry = JournalEntry.objects.create(
        retailer=retailer,
        number=(last or 0) + 1,
        dated=dated,
        total=sum(line[1] for line in lines if line[1] > 0),
        line_count=len(lines),
        **fields,
    )
    accounts = {account.number: account for account in Account.objects.filter(retailer=retailer)}
    JournalLine.objects.bulk_create(
        JournalLine(
            entry=entry, position=position, account=accounts[number], amount=amount, tax_code=code, tax_rate=rate
        )
        for position, (number, amount, code, rate) in enumerate(lines, 1)
    )
    return entry
