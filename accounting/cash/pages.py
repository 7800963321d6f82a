"""The page of counts: what differed, by store and one by one."""

from datetime import date, datetime
from typing import Any

from django import forms

from accounting.books.asking import CurrencyAsking
from accounting.cash.form import CASH_UP
from accounting.cash.models import CashUp
from accounting.cash.queries import Counted, Place, StoreSums, cash_ups, currencies, sums
from portal.queries import called
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import PeriodAsking, StoreAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

COUNTS = (
    Column("day", "Day", Kind.DATE),
    Column("store", "Store", Kind.TEXT),
    Column("terminal", "Terminal", Kind.TEXT),
    Column("state", "State", Kind.TEXT),
    Column("difference", "Difference", Kind.MONEY),
    Column("expected", "Expected", Kind.MONEY),
    Column("counted", "Counted", Kind.MONEY),
    Column("banked", "To the bank", Kind.MONEY),
    Column("by", "Counted by", Kind.TEXT),
    Column("note", "Note", Kind.TEXT),
    Column("remaining", "Remaining", Kind.MONEY),
    Column("opening", "Opening", Kind.MONEY),
    Column("cash_sales", "Cash sales", Kind.MONEY),
    Column("at", "At", Kind.MOMENT),
)
STORES = (
    Column("store", "Store", Kind.TEXT),
    Column("difference", "Difference", Kind.MONEY),
    Column("over", "Over", Kind.MONEY),
    Column("short", "Short", Kind.MONEY),
    Column("differing", "Differing", Kind.COUNT),
    Column("counts", "Counts", Kind.COUNT),
    Column("banked", "To the bank", Kind.MONEY),
)
COUNTS_ARE = (
    "Every count, the newest day first. Expected is what was in the drawer before and what was paid in cash on the "
    "day; the difference is what was counted beyond that. A count that was replaced stays here, and its entry "
    "is reversed."
)
STORES_ARE = "The counts that stand, by store: what was over, what was short, both together, and what went to the bank."
NOBODY = Hint(
    "Nobody has counted yet. After a day's last sale, count what is in the drawers and say what goes to the bank: the "
    "difference is posted, and what remains is tomorrow's opening.",
    "cash-up",
    "Count the cash",
)
NO_COUNT = "Nothing was counted in this time."
EVERY_DRAWER = "all"


class CashAsking(CurrencyAsking, StoreAsking, PeriodAsking):
    """Days, stores, a currency that was counted; `after` becomes a Place or None."""

    differing = forms.BooleanField(label="Only differences", required=False)
    field_order = ("first", "last", "store", "currency", "differing")

    def used(self, scope: Scope) -> list[str]:
        """Those of the counts at the person's stores."""
        return currencies(scope.store_ids)

    def clean_after(self) -> Place | None:
        """Where the list goes on."""
        return read_place(self.cleaned_data["after"])


def read_cash_ups(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Two queries beside those of the address."""
    currency, limit = asked["currency"], asked["limit"]
    wanted = Counted(asked["stores"], asked["first"], asked["last"], currency, asked["differing"])
    found = cash_ups(wanted, limit=limit + 1, after=asked["after"]) if currency else []
    shown, rest = found[:limit], found[limit:]
    by_store = sums(wanted) if currency else []
    panels = [
        Panel(
            key="stores",
            title="By store",
            definition=STORES_ARE,
            columns=STORES,
            rows=[_store_row(row) for row in by_store],
            currency=currency,
            empty=NO_COUNT,
        ),
        Panel(
            key="cash-ups",
            title="Counts",
            definition=COUNTS_ARE,
            columns=COUNTS,
            rows=[_count_row(count) for count in shown],
            currency=currency,
            links=[_link(scope, count) for count in shown],
            empty=NO_COUNT,
        ),
    ]
    return Contents(
        panels=panels,
        figures=_figures(by_store, currency) if currency else [],
        hints=() if currency else (NOBODY,),
        after=f"{shown[-1].day}_{shown[-1].pk}" if rest else "",
    )


def read_place(text: str) -> Place | None:
    """Where a list goes on. Raises ValidationError."""
    if not text:
        return None
    try:
        day, number = text.split("_")
        return Place(date.fromisoformat(day), int(number))
    except ValueError as fault:
        raise forms.ValidationError("This is no place in the list.") from fault


def state(count: CashUp) -> str:
    """What is to be said of it, in a word."""
    if hasattr(count, "replaced_by"):
        return "Replaced"
    if count.difference == 0:
        return "Agrees"
    return "Over" if count.difference > 0 else "Short"


def _count_row(count: CashUp) -> Row:
    terminal = str(count.terminal) if count.terminal else EVERY_DRAWER
    amounts = (count.difference, count.expected, count.counted, count.banked)
    by, how = (called(count.counted_by), count.note), (count.remaining, count.opening, count.cash_sales)
    return count.day, count.store.name, terminal, state(count), *amounts, *by, *how, count.counted_at


def _store_row(row: StoreSums) -> Row:
    return row.store, row.over + row.short, row.over, row.short, row.differing, row.counts, row.banked


def _figures(rows: list[StoreSums], currency: str) -> list[Figure]:
    short, differing = sum(row.short for row in rows), sum(row.differing for row in rows)
    over = sum(row.over for row in rows)
    return [
        Figure("short", "Short", "What was missing in drawers.", short, Kind.MONEY, currency, needs_look=short < 0),
        Figure("over", "Over", "What was too much in drawers.", over, Kind.MONEY, currency),
        Figure("differing", "Counts that differ", "Counts with more or less than expected.", differing, Kind.COUNT),
    ]


def _link(scope: Scope, count: CashUp) -> str:
    """The count's entry for those who see the journal; else nothing lies behind it."""
    if count.entry is None or not scope.may(Right.KEEP_BOOKS):
        return ""
    return f"entry?number={count.entry.number}"


CASH_UPS = Page(
    key="cash-ups",
    title="Cash",
    lead="What was counted in the drawers, and what should have been there.",
    right=Right.SEE_BOOKS,
    read=read_cash_ups,
    lists=(ListShape("stores", STORES), ListShape("cash-ups", COUNTS)),
    asks=CashAsking,
    actions=(Action("cash-up", "Count the cash"),),
)
PAGES = (CASH_UPS,)
FORMS = (CASH_UP,)
