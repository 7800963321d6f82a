"""Puts a store's file together: closes first found, then their receipts day by day, then what the closes add up."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import IO

from accounting.days.content import Content, CurrencyFigures
from accounting.days.models import TerminalClose
from accounting.exports.dsfinvk import reading
from accounting.exports.dsfinvk.closes import Close, Taxes, add_close
from accounting.exports.dsfinvk.receipts import Receipts
from accounting.exports.dsfinvk.writing import Tables
from accounting.exports.faults import AuditFault, check_period
from accounting.exports.texts import factor_of, fits
from possys.codes import Environment
from possys.receipt_keys import table
from transactions.models import Store

# A month: what an auditor asks for at a time.
DAYS_MAX = 31
# Six seconds of work with ten lines each; a store's day has some hundred, a hypermarket's some thousand.
RECORDS_MAX = 20_000
# Where a thousand sales a second are sealed, each of a store's may lie in a block of its own, and opening one of a
# thousand records takes 4 ms. A hypermarket's day still fits.
BLOCKS_MAX = 5_000
COMMENT = "Tables of DSFinV-K 2.4 without its TSE: possys_receipts.csv and possys_closes.csv stand for the signatures."


def packed(store: Store, first: date, last: date, currency: str = "") -> tuple[IO[bytes], str]:
    """(the zip, its currency); `currency` may be left out when there is one alone. Raises AuditFault."""
    check_period(first, last)
    if (last - first).days >= DAYS_MAX:
        raise AuditFault("last", f"A file holds {DAYS_MAX} days at most.")
    found = reading.reports(store.pk, first, last)
    chosen = _currency([report for _, report in found], currency)
    closes = [_close(row, report, chosen) for row, report in found]
    _check("receipts", sum(close.records for close in closes), RECORDS_MAX)
    days = [
        reading.day_of(store, date.fromisoformat(day), list(own)) for day, own in groupby(closes, attrgetter("day"))
    ]
    _check("blocks", sum(day.blocks for day in days), BLOCKS_MAX)
    with Tables() as tables:
        _fill(tables, store, closes, days, chosen)
        return tables.pack(store.retailer.name, COMMENT), chosen


def _check(what: str, count: int, most: int) -> None:
    if count > most:
        raise AuditFault(
            "last", f"These days have {count:,} {what}, and a file is made of {most:,} at most: ask for fewer days."
        )


def _currency(reports: Sequence[Content], asked: str) -> str:
    known = sorted({one.currency for report in reports for one in report.currencies})
    if not reports:
        raise AuditFault("first", "No day of these is closed yet.")
    if not asked and len(known) > 1:
        raise AuditFault("currency", f"Say which currency: a file holds one, and these days have {', '.join(known)}.")
    currency = asked or (known[0] if known else "")
    if currency not in known:
        raise AuditFault("currency", f"Nothing was sold in {currency or 'any currency'} on these days.")
    if not fits(currency):
        raise AuditFault("currency", f"DSFinV-K writes amounts with two decimals; {currency} has more.")
    return currency


def _close(row: TerminalClose, report: Content, currency: str) -> Close:
    own: CurrencyFigures | None = next((one for one in report.currencies if one.currency == currency), None)
    return Close(
        terminal=report.terminal,
        number=report.number,
        day=report.day,
        part=report.part,
        closed_at=report.closed_at,
        records=max(report.records, 0),
        hash=row.hash,
        previous=row.previous_hash,
        figures=own,
        is_alone=len(report.currencies) == 1,
    )


def _fill(tables: Tables, store: Store, closes: Sequence[Close], days: Sequence[reading.Day], currency: str) -> None:
    taxes, factor = Taxes(), factor_of(currency)
    receipts = Receipts(tables, taxes, currency, factor)
    for day in days:
        for one in reading.counted(day):
            _add(receipts, one)
    seller = reading.seller_of(store)
    for close in closes:
        add_close(tables, close, seller, taxes, currency, factor)


def _add(receipts: Receipts, one: reading.Counted) -> None:
    """A removed record does not say its currency any more: it is shown where its close has this one alone."""
    if one.sold is not None:
        if one.sold.sale.currency == receipts.currency:
            receipts.add(one.close, one.sold.code, one.sold.sale, one.place)
    elif one.close.figures is not None and one.close.is_alone:
        day = date.fromisoformat(one.close.day)
        code = table().encode(Environment.PRODUCTION, day, one.close.terminal, one.entered.sequence)
        receipts.add_removed(one.close, code, one.entered, one.place)
