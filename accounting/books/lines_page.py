"""The journal line by line, as other programs for bookkeeping read it."""

from datetime import datetime
from typing import Any

from accounting.books.asking import LinesAsking, wanted_of
from accounting.books.models import JournalLine
from accounting.books.queries import lines
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel, Row

LINES = (
    Column("entry", "Entry", Kind.TEXT),
    Column("position", "Line", Kind.COUNT),
    Column("dated", "Date", Kind.DATE),
    Column("account", "Account", Kind.TEXT),
    Column("name", "Name", Kind.TEXT),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
    Column("text", "Text", Kind.TEXT),
    Column("tax_code", "Tax", Kind.TEXT),
    Column("tax_rate", "Rate", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("entry_text", "Entry is about", Kind.TEXT),
)
LINES_ARE = (
    "The lines of the entries of this time, the newest entry first. With an account chosen, only the lines that are "
    "posted to it."
)


def read_lines(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Lines in the order of the journal. One query beside those of the address."""
    limit, currency = asked["limit"], asked["currency"]
    found = lines(scope.retailer_id, wanted_of(asked), limit=limit + 1, after=asked["after"]) if currency else []
    shown, rest = found[:limit], found[limit:]
    panel = Panel(
        key="lines",
        title="Lines",
        definition=LINES_ARE,
        columns=LINES,
        rows=[_row(line) for line in shown],
        currency=currency,
        links=[f"entry?number={line.entry.number}" for line in shown],
        empty="No line is dated in this time, or none that fits.",
    )
    return Contents([panel], after=f"{shown[-1].entry.number}_{shown[-1].position}" if rest else "")


def _row(line: JournalLine) -> Row:
    entry, account = line.entry, line.account
    sides = (line.amount, None) if line.amount > 0 else (None, -line.amount)
    tax = (line.text, line.tax_code, line.tax_rate)
    store = entry.store.name if entry.store else ""
    return str(entry.number), line.position, entry.dated, account.number, account.name, *sides, *tax, store, entry.text


LINES_PAGE = Page(
    key="lines",
    title="Journal lines",
    lead="Every line of the journal, as a file for other programs or to look through.",
    right=Right.KEEP_BOOKS,
    read=read_lines,
    lists=(ListShape("lines", LINES),),
    asks=LinesAsking,
    tab="journal",
)
