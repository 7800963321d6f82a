"""Sums of whole receipts: by hour, terminal, tax, payment and basket size; and each receipt's own row."""

from collections.abc import Iterable
from typing import NamedTuple

from analytics.rolling.sums import STORE_DAY
from ledger.block_facts import SALE, BlockFacts, Facts
from ledger.sums import Rows, merged
from transactions.sale import SEQUENCE_MAX

# The bits of a row's `methods`, the lowest first; new ones go behind.
PAYMENT_METHODS = ("cash", "card", "transfer", "voucher", "account", "other")
# A basket with more lines than this counts as one with this many.
BASKET_LINES_MAX = 100
SEQUENCE_BITS = SEQUENCE_MAX.bit_length()
METHOD_BITS = {name: 1 << place for place, name in enumerate(PAYMENT_METHODS)}


class SaleValues(NamedTuple):
    """A sale's own row, in the order of its columns."""

    identity: int
    store: int
    day: int
    issued_at: int
    hour: int
    type: int
    currency: str
    total: int
    discounts: int
    lines: int
    methods: int
    is_late: bool
    products: list[int]


def store_hours(facts: Iterable[Facts]) -> Rows:
    """What each store took in an hour."""
    rows: Rows = {}
    for one in facts:
        sale, kind = one.sale, one.kind
        key = (one.store, one.day, one.hour, sale.currency)
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0] * 12
        row[kind] += 1
        row[3 + kind] += sale.total
        for tax in sale.taxes:
            row[6] += tax.tax
        if kind == SALE:
            row[7] += one.discounts
            row[8] += one.discounts > 0
            row[9] += one.lines
        row[10] += sale.mode == "offline"
        row[11] += one.is_late
    return rows


def store_days(facts: Iterable[Facts]) -> Rows:
    """What each store took in a day."""
    return merged(
        STORE_DAY, [{(store, day, currency): row} for (store, day, _, currency), row in store_hours(facts).items()]
    )


def terminal_days(facts: Iterable[Facts]) -> Rows:
    """What each terminal sent of a day."""
    rows: Rows = {}
    for one in facts:
        sale, issued = one.sale, one.issued_us
        sequence = sale.sequence
        key = (sale.terminal, one.day, sale.currency)
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0, 0, 0, 0, 0, 0, issued, sequence, issued, sequence, one.store]
        row[one.kind] += 1
        row[3] += sale.total
        row[4] += sale.mode == "offline"
        row[5] += one.is_late
        _widen(row, 6, issued, sequence)
        row[10] = max(row[10], one.store)
    return rows


def terminals(facts: Iterable[Facts]) -> Rows:
    """All that each terminal sent."""
    rows: Rows = {}
    for one in facts:
        sale, issued, received = one.sale, one.issued_us, one.received_us
        sequence = sale.sequence
        key = (sale.terminal,)
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0, issued, sequence, issued, sequence, received, one.store]
        row[0] += 1
        _widen(row, 1, issued, sequence)
        row[5] = max(row[5], received)
        row[6] = max(row[6], one.store)
    return rows


def _widen(row: list[int], at: int, issued: int, sequence: int) -> None:
    """Moves the first and last time and number of a row, which begin at that place."""
    if issued < row[at]:
        row[at] = issued
    elif issued > row[at + 2]:
        row[at + 2] = issued
    if sequence < row[at + 1]:
        row[at + 1] = sequence
    elif sequence > row[at + 3]:
        row[at + 3] = sequence


def tax_days(facts: Iterable[Facts]) -> Rows:
    """The rows of the tax recaps, as written."""
    rows: Rows = {}
    for one in facts:
        sale = one.sale
        for tax in sale.taxes:
            key = (one.store, one.day, tax.code, tax.rate or "", sale.currency)
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0, 0]
            row[0] += tax.net
            row[1] += tax.tax
    return rows


def payment_days(facts: Iterable[Facts]) -> Rows:
    """What was paid in each way."""
    rows: Rows = {}
    for one in facts:
        sale = one.sale
        for payment in sale.payments:
            key = (one.store, one.day, payment.method, sale.currency)
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0, 0]
            row[0] += 1
            row[1] += payment.amount
    return rows


def basket_days(facts: Iterable[Facts]) -> Rows:
    """Sales by how many item lines they have."""
    rows: Rows = {}
    for one in facts:
        if one.kind != SALE:
            continue
        key = (one.store, one.day, min(one.lines, BASKET_LINES_MAX), one.sale.currency)
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0, 0]
        row[0] += 1
        row[1] += one.sale.total
    return rows


def sale_rows(block: BlockFacts) -> list[SaleValues]:
    """Each sale, refund and void, in the order of the block."""
    found = []
    products = block.items.products
    for one in block.sales:
        sale = one.sale
        methods = 0
        for payment in sale.payments:
            methods |= METHOD_BITS[payment.method]
        found.append(
            SaleValues(
                sale.terminal << SEQUENCE_BITS | sale.sequence,
                one.store,
                one.day,
                one.issued_us,
                one.hour,
                one.kind,
                sale.currency,
                sale.total,
                one.discounts,
                one.lines,
                methods,
                one.is_late,
                # In a certain order, whatever that of the lines.
                sorted(set(products[one.first_line : one.first_line + one.lines])),
            )
        )
    return found
