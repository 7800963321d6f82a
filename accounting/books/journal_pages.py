"""The journal, one entry, and what writes into it: entries by hand and reversals."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.utils import timezone

from accounting.books.asking import EntryAsking, JournalAsking, wanted_of
from accounting.books.models import JournalEntry, JournalLine
from accounting.books.queries import entries, entry_of, lines_of
from portal.queries import called
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

ENTRIES = (
    Column("entry", "Entry", Kind.TEXT),
    Column("dated", "Date", Kind.DATE),
    Column("kind", "Kind", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("text", "Text", Kind.TEXT),
    Column("amount", "Amount", Kind.MONEY),
    Column("by", "By", Kind.TEXT),
    Column("remark", "Remark", Kind.TEXT),
)
LINES = (
    Column("account", "Account", Kind.TEXT),
    Column("name", "Name", Kind.TEXT),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
    Column("text", "Text", Kind.TEXT),
    Column("tax_code", "Tax", Kind.TEXT),
    Column("tax_rate", "Rate", Kind.TEXT),
)
ENTRIES_ARE = (
    "One entry for every close of a store's day and every currency, for cash-ups that differ or go to the bank, and "
    "what was written by hand. The amount is the sum of its debits, and of its credits. Entries are never changed: "
    "a mistake is put right by a reversal and a further entry."
)
LINES_ARE = "The accounts that the entry moves. Its debits and credits are the same; the database takes no other entry."
NO_ENTRY = "No entry is dated in this time, or none that fits."
NOTHING_YET = Hint(
    "Nothing is in the journal yet. The server closes each day of each store after its end and posts it here by "
    "itself. Begin with how: the hour of the close, the VAT period, what is posted to which account.",
    "settings",
    "Settings of the books",
)
WRITE = Action("write-entry", "Write an entry")


def read_journal(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Entries, the newest first. One query beside those of the address."""
    currency, wanted = asked["currency"], wanted_of(asked)
    found = entries(scope.retailer_id, wanted, limit=asked["limit"] + 1, before=asked["after"]) if currency else []
    shown, rest = found[: asked["limit"]], found[asked["limit"] :]
    panel = Panel(
        key="entries",
        title="Entries",
        definition=ENTRIES_ARE,
        columns=ENTRIES,
        rows=[_entry_row(entry) for entry in shown],
        currency=currency,
        links=[f"entry?number={entry.number}" for entry in shown],
        empty=NO_ENTRY,
    )
    hints = () if currency else (NOTHING_YET,)
    actions = (Action(f"lines?{_query(asked)}", "Line by line"),) if shown else ()
    return Contents([panel], hints=hints, actions=actions, after=str(shown[-1].number) if rest else "")


def read_entry(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One entry with its lines."""
    entry = entry_of(scope.retailer_id, asked["number"])
    if entry is None:
        raise Http404
    lines = lines_of(entry)
    return Contents(
        panels=[
            Panel(
                key="lines",
                title="Lines",
                definition=LINES_ARE,
                columns=LINES,
                rows=[_line_row(line) for line in lines],
                currency=entry.currency,
                links=[f"account?account={line.account.number}&currency={entry.currency}" for line in lines],
            )
        ],
        figures=[Figure("total", "Amount", "The sum of its debits.", entry.total, Kind.MONEY, entry.currency)],
        notes=(_about(entry), *([remark] if (remark := _remark(entry)) else [])),
        actions=_actions(entry),
        title=f"Entry {entry.number}: {entry.text}",
    )


def _query(asked: dict[str, Any]) -> str:
    """The same filters for the list of lines."""
    account = asked["account"]
    given = {name: asked[name] for name in ("first", "last", "store", "kind", "search", "currency")}
    given["account"] = account.number if account else ""
    return urlencode({name: value for name, value in given.items() if value})


def _actions(entry: JournalEntry) -> tuple[Action, ...]:
    """Where it comes from and what it belongs to; the reversal, once."""
    found = []
    if entry.close is not None:
        asked = urlencode({"store": entry.close.store_id, "day": entry.close.day, "currency": entry.currency})
        found.append(Action(f"day?{asked}", "The day's close"))
    if entry.reverses is not None:
        found.append(Action(f"entry?number={entry.reverses.number}", f"Entry {entry.reverses.number}"))
    if hasattr(entry, "reversed_by"):
        found.append(Action(f"entry?number={entry.reversed_by.number}", f"Entry {entry.reversed_by.number}"))
    else:
        found.append(Action(f"reverse?number={entry.number}", "Reverse this entry"))
    return tuple(found)


def _entry_row(entry: JournalEntry) -> Row:
    store = entry.store.name if entry.store else ""
    author = called(entry.made_by) if entry.made_by else ""
    kind = entry.get_kind_display()
    return str(entry.number), entry.dated, kind, store, entry.text, entry.total, author, _remark(entry)


def _line_row(line: JournalLine) -> Row:
    debit, credit = (line.amount, None) if line.amount > 0 else (None, -line.amount)
    return line.account.number, line.account.name, debit, credit, line.text, line.tax_code, line.tax_rate


def _about(entry: JournalEntry) -> str:
    author = f" by {called(entry.made_by)}" if entry.made_by else " by the server"
    made = timezone.localtime(entry.made_at)
    return f"{entry.get_kind_display()}, dated {entry.dated:%-d %b %Y}. Made{author} on {made:%-d %b %Y, %H:%M}."


def _remark(entry: JournalEntry) -> str:
    """What one must know of it: that it was reversed, what it reverses, and of which day it is."""
    found = []
    if hasattr(entry, "reversed_by"):
        found.append(f"Reversed by entry {entry.reversed_by.number}.")
    if entry.reverses is not None:
        found.append(f"Reverses entry {entry.reverses.number}.")
    if entry.for_day:
        found.append(f"About {entry.for_day:%-d %b %Y}, which was locked.")
    return " ".join(found)


JOURNAL = Page(
    key="journal",
    title="Journal",
    lead="Every entry, the newest first.",
    right=Right.KEEP_BOOKS,
    read=read_journal,
    lists=(ListShape("entries", ENTRIES),),
    asks=JournalAsking,
    actions=(WRITE,),
)
ENTRY = Page(
    key="entry",
    title="Entry",
    lead="One entry of the journal.",
    right=Right.KEEP_BOOKS,
    read=read_entry,
    lists=(ListShape("lines", LINES),),
    asks=EntryAsking,
    tab="journal",
)
