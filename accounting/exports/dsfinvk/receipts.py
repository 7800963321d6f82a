"""One receipt's rows: its head, payments, lines and taxes, what it takes back, and where it is in the ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from accounting.exports.dsfinvk import taxonomy, words
from accounting.exports.dsfinvk.amounts import Amounts, of_line, of_recap, scaled_rate, short_quantity, unit_price
from accounting.exports.dsfinvk.closes import NO_AGENCY, Close, Tax, Taxes
from accounting.exports.dsfinvk.writing import Tables, Value
from possys.codes import CodeError
from possys.receipt_keys import table
from transactions.decimals import price, quantity
from transactions.sale import Line, Sale

VOID = "void"
# FAKTOR with its three decimals: nothing is sold by the pack here.
ONE = 1_000
YES, NO = "1", "0"
ROUNDING = "rounding"
NOBODY = ("",) * 8
REMOVED = "Removed because the law demanded it; only its leaf hash is kept."


class Place(NamedTuple):
    """Where a record is in the ledger."""

    shard: int
    block: int
    position: int
    leaf: bytes


class Entered(NamedTuple):
    """What the ledger's row says of a record; all that is left of one that was removed."""

    sequence: int
    type: str
    total: int
    issued_at: datetime


class At(NamedTuple):
    """Where a row belongs: the close, and the columns that begin it."""

    close: Close
    key: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Receipts:
    """Writes the receipts of a file in one currency; `factor` brings its minor units to two decimals."""

    tables: Tables
    taxes: Taxes
    currency: str
    factor: int

    def add(self, close: Close, code: str, sale: Sale, place: Place) -> None:
        """One sale, refund or void."""
        at = self._begin(close, code, place)
        entered = Entered(sale.sequence, sale.type, sale.total, datetime.fromisoformat(sale.issued_at))
        buyer = ("", sale.buyer, *NOBODY[2:])
        self._add_head(at, entered, sale.operator, buyer, sale.reason)
        self._add_payments(at, sale)
        self._add_taxes(at, sale)
        rates = {one.code: Tax(one.code, one.rate or "") for one in sale.taxes}
        for number, line in enumerate(sale.lines, 1):
            tax = rates.get(line.tax) or Tax(line.tax, "")
            self._add_line(at, number, line, tax, included=sale.taxes_included)
        if sale.rounding:
            self._add_rounding(at, len(sale.lines) + 1, sale.rounding)
        if sale.refers_to:
            self._add_reference(at, sale.refers_to)

    def add_removed(self, close: Close, code: str, entered: Entered, place: Place) -> None:
        """A receipt whose record is gone."""
        at = self._begin(close, code, place)
        self._add_head(at, entered, None, NOBODY, REMOVED)

    def _begin(self, close: Close, code: str, place: Place) -> At:
        close.first_code, close.last_code = close.first_code or code, code
        key = (*close.key, code)
        self.tables.add(taxonomy.RECEIPT_PROOFS, *key, place.shard, place.block, place.position, place.leaf.hex())
        return At(close, key)

    def _add_head(
        self, at: At, entered: Entered, operator: str | None, buyer: tuple[Value, ...], note: str | None
    ) -> None:
        moment = entered.issued_at.isoformat(timespec="milliseconds")
        is_void = YES if entered.type == VOID else NO
        till = str(at.close.terminal)
        self.tables.add(
            taxonomy.RECEIPTS, *at.key, entered.sequence, words.RECEIPT, entered.type, till, is_void, moment, moment,
            operator, "", entered.total * self.factor, *buyer, note,
        )  # fmt: skip

    def _add_payments(self, at: At, sale: Sale) -> None:
        for one in sale.payments:
            named = (words.payment(one.method), one.method, self.currency, None)
            self.tables.add(taxonomy.RECEIPT_PAYMENTS, *at.key, *named, one.amount * self.factor)
        if not sale.payments:
            self.tables.add(taxonomy.RECEIPT_PAYMENTS, *at.key, words.NO_PAYMENT, "", self.currency, None, 0)

    def _add_taxes(self, at: At, sale: Sale) -> None:
        """As the receipt's recap has them, to the cent; its rounding stands outside of every tax."""
        for one in sale.taxes:
            key = self._tax_key(at.close, Tax(one.code, one.rate or ""))
            amounts = of_recap(one.net * self.factor, one.tax * self.factor)
            self.tables.add(taxonomy.RECEIPT_TAXES, *at.key, key, *amounts)
        if sale.rounding:
            amounts = of_recap(sale.rounding * self.factor, 0)
            self.tables.add(taxonomy.RECEIPT_TAXES, *at.key, self._tax_key(at.close, None), *amounts)

    def _add_line(self, at: At, number: int, line: Line, tax: Tax, *, included: bool) -> None:
        rate = scaled_rate(tax.rate)
        case = words.case(line.kind, line.amount)
        each = None
        if line.unit_price is not None:
            each = unit_price(price(line.unit_price), self.factor, rate, included=included)
        self.tables.add(
            taxonomy.LINES, *at.key, str(number), "", line.name, str(at.close.terminal), case, line.kind, NO, NO,
            NO_AGENCY, line.sku, line.gtin, "", line.category, short_quantity(quantity(line.quantity)), ONE, line.unit,
            each,
        )  # fmt: skip
        self._count(at, number, (case, line.kind), tax, of_line(line.amount * self.factor, rate, included=included))

    def _add_rounding(self, at: At, number: int, rounding: int) -> None:
        case = words.ROUNDED_UP if rounding > 0 else words.ROUNDED_DOWN
        amounts = of_recap(rounding * self.factor, 0)
        self.tables.add(
            taxonomy.LINES, *at.key, str(number), "", "Rounding", str(at.close.terminal), case, ROUNDING, NO, NO,
            NO_AGENCY, "", "", "", "", ONE, ONE, "", amounts.gross,
        )  # fmt: skip
        self._count(at, number, (case, ROUNDING), None, amounts)

    def _count(self, at: At, number: int, case: tuple[str, str], tax: Tax | None, amounts: Amounts) -> None:
        key = self._tax_key(at.close, tax)
        at.close.count(case, key, amounts)
        self.tables.add(taxonomy.LINE_TAXES, *at.key, str(number), key, *amounts)

    def _tax_key(self, close: Close, tax: Tax | None) -> int:
        close.taxes.add(tax)
        return words.OUTSIDE_SCOPE if tax is None else self.taxes.key(tax)

    def _add_reference(self, at: At, code: str) -> None:
        """The receipt that is taken back: by its code, which holds its day and its till."""
        try:
            original = table().decode(code)
            day, terminal = str(original.day), str(original.terminal)
        except CodeError:
            day = terminal = ""
        self.tables.add(taxonomy.REFERENCES, *at.key, "", words.REFERENCE, "", day, terminal, None, code)
