"""The payer's files: payouts as CSV, and the references in what comes back. Pure.

    out    RFC 4180, comma, CRLF, UTF-8 with a byte order mark: reference, payee, iban, amount in major units, currency
    back   any CSV with a column `reference`, such as the same file; or a reference a line

A payee that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
"""

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

from lottery.prizes.errors import PrizeError
from possys.money import major

# Each one's receipt is looked up in the ledger before it is handed over: some seconds of a request.
PAYOUTS_MAX = 1_000
# Many times what so many payouts are, with whatever else a bank puts beside them.
FILE_BYTES_MAX = 2_000_000
COLUMNS = ("reference", "payee", "iban", "amount", "currency")
# Without it spreadsheets break every accent.
BYTE_ORDER_MARK = "\ufeff"
# What begins a formula in some spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Payout(NamedTuple):
    """A line; `amount` in minor units."""

    reference: str
    payee: str
    iban: str
    amount: int
    currency: str


def payout_csv(payouts: Iterable[Payout]) -> bytes:
    """The file for the payer."""
    file = io.StringIO()
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for one in payouts:
        writer.writerow(
            (one.reference, _text(one.payee), one.iban, f"{major(one.amount, one.currency):f}", one.currency)
        )
    return file.getvalue().encode()


def read_references(content: bytes) -> list[str]:
    """The references in a payer's file. Raises PrizeError."""
    if len(content) > FILE_BYTES_MAX:
        raise PrizeError(f"the file is larger than {FILE_BYTES_MAX // 1_000_000} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise PrizeError("the file is not text in UTF-8") from fault
    # Banks of half of Europe separate by semicolons.
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as fault:
        raise PrizeError(f"the file is no CSV: {fault}") from fault
    titles = [title.strip().lower() for title in rows[0]] if rows else []
    if "reference" in titles:
        at = titles.index("reference")
        rows = rows[1:]
    elif len(titles) > 1:
        raise PrizeError("the file has no column `reference`")
    else:
        at = 0
    return [row[at].strip() for row in rows if len(row) > at and row[at].strip()]


def _text(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(FORMULA) or cell.startswith(FORMULA) else cell
