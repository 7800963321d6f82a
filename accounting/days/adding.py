"""Adds a block's sales up by terminal and day: in all, by tax and by payment, and which numbers they have. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounting.days.sequences import runs_of, write_multirange
from ledger.block_facts import BlockFacts, Facts
from ledger.sums import Rows, Shape

FED_KEYS = ("store", "day", "terminal")
TERMINAL_DAY = Shape(
    "accounting.TerminalDay",
    keys=(*FED_KEYS, "currency"),
    sums=(
        "sales", "refunds", "voids", "gross", "refunded", "voided", "rounding", "discounts", "offline", "late",
    ),
    least=("first_issued_at",),
    greatest=("last_issued_at",),
)  # fmt: skip
TERMINAL_TAX_DAY = Shape(
    "accounting.TerminalTaxDay",
    keys=(*FED_KEYS, "currency", "code", "rate"),
    sums=(
        "sales_net", "sales_tax", "refunds_net", "refunds_tax", "voids_net", "voids_tax",
        "items", "discounts", "deposits", "tips", "vouchers", "others",
    ),
)  # fmt: skip
TERMINAL_PAYMENT_DAY = Shape(
    "accounting.TerminalPaymentDay", keys=(*FED_KEYS, "currency", "method"), sums=("payments", "amount")
)
ROUNDING, DISCOUNTS, OFFLINE, LATE, FIRST, LAST = range(6, 12)
# Where in a tax's row the lines of a kind are added up.
LINE_PLACES = {kind: 6 + place for place, kind in enumerate(("item", "discount", "deposit", "tip", "voucher", "other"))}
ITEMS = LINE_PLACES["item"]
NO_TAX = (0,) * 12


def terminal_days(facts: Iterable[Facts]) -> Rows:
    """What each terminal took on a day."""
    rows: Rows = {}
    for one in facts:
        sale, kind, issued = one.sale, one.kind, one.issued_us
        key = (one.store, one.day, sale.terminal, sale.currency)
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, issued, issued]
        row[kind] += 1
        row[3 + kind] += sale.total
        row[ROUNDING] += sale.rounding
        row[DISCOUNTS] += one.discounts
        row[OFFLINE] += sale.mode == "offline"
        row[LATE] += one.is_late
        if issued < row[FIRST]:
            row[FIRST] = issued
        elif issued > row[LAST]:
            row[LAST] = issued
    return rows


def tax_days(block: BlockFacts) -> Rows:
    """The recaps' rows of each tax, and the lines under its code by kind.

    A line's rate is that of the recap's row with its code, which a sale has once.
    """
    rows: Rows = {}
    amounts = block.items.amounts
    for one in block.sales:
        sale = one.sale
        of_kind = 2 * one.kind
        own: dict[str, list[int]] = {}
        for tax in sale.taxes:
            key = (one.store, one.day, sale.terminal, sale.currency, tax.code, tax.rate or "")
            row = rows.get(key)
            if row is None:
                row = rows[key] = [*NO_TAX]
            row[of_kind] += tax.net
            row[of_kind + 1] += tax.tax
            own[tax.code] = row
        if len(own) == 1 and one.lines == len(sale.lines):
            # Most sales: goods of one tax, whose amounts stand together.
            own[sale.taxes[0].code][ITEMS] += sum(amounts[one.first_line : one.first_line + one.lines])
        else:
            for line in sale.lines:
                own[line.tax][LINE_PLACES[line.kind]] += line.amount
    return rows


def payment_days(facts: Iterable[Facts]) -> Rows:
    """What was paid in each way."""
    rows: Rows = {}
    for one in facts:
        sale = one.sale
        for payment in sale.payments:
            key = (one.store, one.day, sale.terminal, sale.currency, payment.method)
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0, 0]
            row[0] += 1
            row[1] += payment.amount
    return rows


@dataclass(slots=True)
class SequenceColumns:
    """The columns of a block's numbers, ordered by store, day and terminal; `sequences` as PostgreSQL reads them."""

    store: list[int] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    terminal: list[int] = field(default_factory=list)
    retailer: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)


def sequences(facts: Iterable[Facts]) -> SequenceColumns:
    """Which numbers each terminal gave on a day."""
    found: dict[tuple[int, int, int], list[int]] = {}
    retailers: dict[int, int] = {}
    for one in facts:
        sale = one.sale
        key = (one.store, one.day, sale.terminal)
        known = found.get(key)
        if known is None:
            found[key] = [sale.sequence]
            retailers[one.store] = one.retailer
        else:
            known.append(sale.sequence)
    made = SequenceColumns()
    for key in sorted(found):
        numbers = found[key]
        made.store.append(key[0])
        made.day.append(key[1])
        made.terminal.append(key[2])
        made.retailer.append(retailers[key[0]])
        made.records.append(len(numbers))
        made.sequences.append(write_multirange(runs_of(numbers)))
    return made
