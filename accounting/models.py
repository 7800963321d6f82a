"""Bookkeeping's tables: those of each part are written in its own folder; Django finds them here."""

from accounting.books.models import Account, Books, JournalEntry, JournalLine, PostingRule
from accounting.cash.models import CashUp
from accounting.days.models import (
    ClosedTo,
    StoreClose,
    TerminalClose,
    TerminalDay,
    TerminalPaymentDay,
    TerminalSequences,
    TerminalTaxDay,
    TillTotals,
)

__all__ = [
    "Account",
    "Books",
    "CashUp",
    "ClosedTo",
    "JournalEntry",
    "JournalLine",
    "PostingRule",
    "StoreClose",
    "TerminalClose",
    "TerminalDay",
    "TerminalPaymentDay",
    "TerminalSequences",
    "TerminalTaxDay",
    "TillTotals",
]
