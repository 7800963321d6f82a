"""The columns of one store's day, and what its lists mean."""

from portal.sheets.pages import ListShape
from portal.sheets.panels import Column, Kind

TERMINALS = (
    Column("terminal", "Terminal", Kind.TEXT),
    Column("total", "Total", Kind.MONEY),
    Column("sales", "Sales", Kind.COUNT),
    Column("gross", "Sales total", Kind.MONEY),
    Column("refunds", "Refunds", Kind.COUNT),
    Column("refunded", "Refunded", Kind.MONEY),
    Column("voids", "Voids", Kind.COUNT),
    Column("voided", "Voided", Kind.MONEY),
    Column("first", "First number", Kind.TEXT),
    Column("last", "Last number", Kind.TEXT),
    Column("first_at", "First at", Kind.MOMENT),
    Column("last_at", "Last at", Kind.MOMENT),
    Column("grand_total", "Grand total", Kind.MONEY),
)
TAXES = (
    Column("code", "Tax", Kind.TEXT),
    Column("rate", "Rate", Kind.TEXT),
    Column("net", "Net", Kind.MONEY),
    Column("tax", "Tax amount", Kind.MONEY),
    Column("sales_net", "Sales, net", Kind.MONEY),
    Column("sales_tax", "Sales, tax", Kind.MONEY),
    Column("refunds_net", "Refunds, net", Kind.MONEY),
    Column("refunds_tax", "Refunds, tax", Kind.MONEY),
    Column("voids_net", "Voids, net", Kind.MONEY),
    Column("voids_tax", "Voids, tax", Kind.MONEY),
)
PAYMENTS = (
    Column("method", "Method", Kind.TEXT),
    Column("payments", "Payments", Kind.COUNT),
    Column("amount", "Amount", Kind.MONEY),
)
MISSING = (
    Column("terminal", "Terminal", Kind.TEXT),
    Column("numbers", "Missing when closed", Kind.TEXT),
    Column("missing", "Still missing", Kind.COUNT),
    Column("left", "Which", Kind.TEXT),
)
TILLS = (
    Column("terminal", "Terminal", Kind.TEXT),
    Column("figure", "Figure", Kind.TEXT),
    Column("till", "Till", Kind.MONEY),
    Column("server", "Server", Kind.MONEY),
    Column("difference", "Difference", Kind.MONEY),
    Column("sent_at", "Sent at", Kind.MOMENT),
)
TILL_COUNTS = tuple(column._replace(kind=Kind.COUNT) if column.kind is Kind.MONEY else column for column in TILLS)
PARTS = (
    Column("part", "Part", Kind.TEXT),
    Column("closed_at", "Closed at", Kind.MOMENT),
    Column("records", "Records", Kind.COUNT),
    Column("total", "Total", Kind.MONEY),
    Column("terminals", "Terminals", Kind.COUNT),
    Column("missing", "Found missing", Kind.COUNT),
    Column("filled", "Brought later", Kind.COUNT),
    Column("entry", "Journal entry", Kind.TEXT),
)
REPORTS = (
    Column("terminal", "Terminal", Kind.TEXT),
    Column("number", "Z number", Kind.COUNT),
    Column("part", "Part", Kind.TEXT),
    Column("records", "Records", Kind.COUNT),
    Column("hash", "Hash", Kind.TEXT),
    Column("previous", "Hash before it", Kind.TEXT),
)
LISTS = (
    ListShape("terminals", TERMINALS),
    ListShape("taxes", TAXES),
    ListShape("payments", PAYMENTS),
    ListShape("missing", MISSING),
    ListShape("till-counts", TILL_COUNTS),
    ListShape("till-amounts", TILLS),
    ListShape("parts", PARTS),
    ListShape("reports", REPORTS),
)
GAPS_ARE = (
    "Numbers that a till skipped up to the last of this day and that have not come to this moment, on whatever day."
)
TOLD_ARE = (
    "What a till counted itself and sent when it closed, beside what the server counted of it; a difference is what "
    "the till has beyond the server. Of several that it sent the last counts."
)
TERMINALS_ARE = "Each till's day, all parts together. The grand total is what it took since its first close."
TAXES_ARE = "The recaps of sales, refunds and voids by tax code and rate; refunds and voids are negative."
PAYMENTS_ARE = "What was paid in each way, less what was given back."
PARTS_ARE = (
    "The close holds what had come by then, every supplement only what came later. Nothing of them is ever changed."
)
REPORTS_ARE = (
    "Every Z report with the SHA-256 of its content, which names that of the report before it: who changed one would "
    "have to change all behind it. manage.py verify_books computes them again."
)
NO_DIFFERENCE = "No till has sent totals of its own for this day; nothing waits for them."
FIRST_PART, NO_RATE = "Close", "none"
METHODS_FIGURE = "Paid: {}"
