"""One sale as a till sends it: its shape, its limits, and everything that must add up in it.

Format 1, JSON. Money in integer minor units of an ISO 4217 currency; quantities, unit prices and rates as decimal
strings. Every field is required, null where empty; unknown ones are refused. The normal way is one typed decode
(msgspec) and the sums; only bytes that are refused, or written in an unusual way, meet the exact reader in `faults`.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from possys.codes import CodeError, normalise
from possys.money import AMOUNT_MAX, CURRENCIES
from transactions.decimals import PRICE_SCALE, QUANTITY_SCALE, gtin_is_valid, price, quantity, rate

# 64 kB hold some 300 lines of ordinary length, more than any real basket known; more is a mistake or an attack.
SALE_BYTES_MAX = 64 * 1024
# A second bound, on the work that a body can cause.
LINES_MAX = 500
TAXES_MAX = 20
PAYMENTS_MAX = 20
# 27 bits number 134 million terminals, fifty times the fleet.
TERMINAL_MAX = 2**27 - 1
# 29 bits: a sale every second for 17 years.
SEQUENCE_MAX = 2**29 - 1
# Clocks are minutes off, and a till tries for some minutes before it goes on offline: what comes later came late.
LATE_AFTER = timedelta(minutes=10)
# Rounding half a minor unit at each step, both in the till and here, may leave one unit a line.
LINE_TOLERANCE_MINOR = 1

Amount = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
DecimalText = Annotated[str, Meta(max_length=20)]
TaxCode = Annotated[str, Meta(min_length=1, max_length=8)]
Label = Annotated[str, Meta(max_length=40)]


class Line(Struct, forbid_unknown_fields=True, gc=False):
    """One line: amounts in minor units; `amount` = quantity x unit price - discount, as printed."""

    kind: Literal["item", "discount", "deposit", "tip", "voucher", "other"]
    sku: Label | None
    gtin: Annotated[str, Meta(max_length=14)] | None
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    category: Annotated[str, Meta(max_length=60)] | None
    quantity: DecimalText
    unit: Annotated[str, Meta(max_length=10)] | None
    unit_price: DecimalText | None
    discount: Amount
    amount: Amount
    tax: TaxCode


class Tax(Struct, forbid_unknown_fields=True, gc=False):
    """One row of the tax recap; `rate` in per cent, null where exempt or outside the scope."""

    code: TaxCode
    rate: DecimalText | None
    net: Amount
    tax: Amount


class Payment(Struct, forbid_unknown_fields=True, gc=False):
    """One tender, in minor units."""

    method: Literal["cash", "card", "transfer", "voucher", "account", "other"]
    amount: Amount


class Sale(Struct, forbid_unknown_fields=True, gc=False):
    """One sale, refund or void."""

    terminal: Annotated[int, Meta(ge=1, le=TERMINAL_MAX)]
    sequence: Annotated[int, Meta(ge=1, le=SEQUENCE_MAX)]
    type: Literal["sale", "refund", "void"]
    mode: Literal["online", "offline", "training"]
    issued_at: Annotated[str, Meta(max_length=35)]
    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    total: Amount
    rounding: Amount
    taxes_included: bool
    lines: Annotated[list[Line], Meta(max_length=LINES_MAX)]
    taxes: Annotated[list[Tax], Meta(max_length=TAXES_MAX)]
    payments: Annotated[list[Payment], Meta(max_length=PAYMENTS_MAX)]
    tendered: Amount | None
    refers_to: Annotated[str, Meta(max_length=24)] | None
    reason: Annotated[str, Meta(max_length=200)] | None
    operator: Label | None
    buyer: Label | None
    lottery: Label | None


class Fault(Struct, frozen=True):
    """One thing that is wrong, at a JSON pointer (RFC 6901) into the sale."""

    pointer: str
    detail: str


DECODER = msgspec.json.Decoder(Sale)
SALE_FIELDS = len(Sale.__struct_fields__)
LINE_FIELDS = len(Line.__struct_fields__)
TAX_FIELDS = len(Tax.__struct_fields__)
PAYMENT_FIELDS = len(Payment.__struct_fields__)

# RFC 3339 with an offset, at most microseconds: more digits would have to be rounded, perhaps into the next day.
ISSUED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def plainly_written(raw: bytes, sale: Sale) -> bool:
    """Whether the bytes can hide nothing that the typed decoder does not see: duplicate keys, control characters.

    A key is written `"name":`, so their count must be the number of fields decoded; a blank before a colon could hide a
    key from that count, a backslash or 0x7f or 0xc2 begins what could be a control character. False only means that the
    exact reader decides.
    """
    fields = (
        SALE_FIELDS + LINE_FIELDS * len(sale.lines) + TAX_FIELDS * len(sale.taxes) + PAYMENT_FIELDS * len(sale.payments)
    )
    return (
        raw.count(b'":') == fields
        and b"\\" not in raw
        and b" :" not in raw
        and b"\x7f" not in raw
        and b"\xc2" not in raw
        # Looking for one byte is ten times as fast as for two, and compact JSON has none of these.
        and (b"\n" not in raw or b"\n:" not in raw)
        and (b"\t" not in raw or b"\t:" not in raw)
        and (b"\r" not in raw or b"\r:" not in raw)
    )


def moment_of(sale: Sale) -> datetime:
    """The aware time of issue. Raises ValueError when it is not RFC 3339 with an offset."""
    text = sale.issued_at
    if ISSUED_AT.fullmatch(text) is None:
        raise ValueError("must be RFC 3339 with an offset and at most microseconds, as 2026-11-23T10:00:00+01:00")
    return datetime.fromisoformat(text)


def check_lines(sale: Sale) -> list[Fault]:
    """Each line: |quantity x unit_price - discount - amount| <= 1 where a unit price is given."""
    faults: list[Fault] = []
    tolerance = LINE_TOLERANCE_MINOR * QUANTITY_SCALE * PRICE_SCALE
    for position, line in enumerate(sale.lines):
        try:
            if line.unit_price is None:
                quantity(line.quantity)
            else:
                due = quantity(line.quantity) * price(line.unit_price)
                off = due - (line.discount + line.amount) * QUANTITY_SCALE * PRICE_SCALE
                if not -tolerance <= off <= tolerance:
                    faults.append(line_fault(position, line, due))
            if line.gtin is not None and not gtin_is_valid(line.gtin):
                faults.append(
                    Fault(f"/lines/{position}/gtin", "must be 8, 12, 13 or 14 digits with a right check digit")
                )
        except ValueError:
            faults.extend(decimal_faults(position, line))
    return faults


def line_fault(position: int, line: Line, due: int) -> Fault:
    """What a line should amount to."""
    expected = round(due / (QUANTITY_SCALE * PRICE_SCALE)) - line.discount
    return Fault(
        f"/lines/{position}/amount",
        f"is {line.amount}, but quantity {line.quantity} x unit_price {line.unit_price} - discount {line.discount} "
        f"is {expected}",
    )


def decimal_faults(position: int, line: Line) -> list[Fault]:
    """Which of a line's decimal strings cannot be read."""
    faults = []
    for name, read in (("quantity", quantity), ("unit_price", price)):
        text = getattr(line, name)
        try:
            if text is not None:
                read(text)
        except ValueError as fault:
            faults.append(Fault(f"/lines/{position}/{name}", str(fault)))
    return faults


def check_taxes(sale: Sale) -> list[Fault]:
    """Per tax code the lines' amounts equal net + tax (or net, when taxes are not included), within 1 a line."""
    faults: list[Fault] = []
    amounts: dict[str, int] = {}
    counts: dict[str, int] = {}
    for line in sale.lines:
        code = line.tax
        amounts[code] = amounts.get(code, 0) + line.amount
        counts[code] = counts.get(code, 0) + 1
    for position, row in enumerate(sale.taxes):
        if row.rate is not None:
            try:
                rate(row.rate)
            except ValueError as fault:
                faults.append(Fault(f"/taxes/{position}/rate", str(fault)))
        if row.code not in amounts:
            faults.append(Fault(f"/taxes/{position}/code", f"tax code {row.code!r} is on no line, or is here twice"))
            continue
        stated = row.net + row.tax if sale.taxes_included else row.net
        lines_amount = amounts.pop(row.code)
        if abs(stated - lines_amount) > counts[row.code] * LINE_TOLERANCE_MINOR:
            parts = "net + tax" if sale.taxes_included else "net"
            faults.append(
                Fault(
                    f"/taxes/{position}",
                    f"{parts} is {stated}, but the lines with tax {row.code!r} add up to {lines_amount}",
                )
            )
    faults.extend(Fault("/taxes", f"the tax code {code!r} of a line is missing") for code in amounts)
    return faults


def check_total(sale: Sale) -> list[Fault]:
    """total = sum of the lines' amounts + rounding, plus the taxes when they are not included."""
    total = sum([line.amount for line in sale.lines]) + sale.rounding
    if not sale.taxes_included:
        total += sum([row.tax for row in sale.taxes])
    if total == sale.total:
        return []
    parts = "lines + rounding" if sale.taxes_included else "lines + taxes + rounding"
    return [Fault("/total", f"is {sale.total}, but {parts} is {total}")]


def check_payments(sale: Sale) -> list[Fault]:
    """payments = total."""
    paid = sum([payment.amount for payment in sale.payments])
    return [] if paid == sale.total else [Fault("/payments", f"add up to {paid}, but total is {sale.total}")]


def check_kind(sale: Sale) -> list[Fault]:
    """What the type asks for: a refund or void gives money back and names its receipt, a sale names none."""
    faults = []
    if sale.type == "sale":
        if sale.refers_to is not None:
            faults.append(Fault("/refers_to", "must be null: only a refund or a void refers to a receipt"))
        if not sale.lines:
            faults.append(Fault("/lines", "a sale has at least one line"))
        return faults
    if sale.total > 0:
        faults.append(Fault("/total", f"of a {sale.type} must not be positive: its amounts are negative"))
    if sale.refers_to is None:
        faults.append(Fault("/refers_to", f"a {sale.type} names the receipt that it takes back"))
    else:
        try:
            normalise(sale.refers_to)
        except CodeError as fault:
            faults.append(Fault("/refers_to", str(fault)))
    return faults


def check_currency(sale: Sale) -> list[Fault]:
    """The currency is one of ISO 4217's."""
    if sale.currency in CURRENCIES:
        return []
    return [Fault("/currency", f"{sale.currency!r} is not an ISO 4217 currency")]


def check_moment(sale: Sale) -> list[Fault]:
    """The time of issue can be read."""
    try:
        moment_of(sale)
    except ValueError as fault:
        return [Fault("/issued_at", str(fault))]
    return []


# Each rule with the fields it looks at, so that the rules whose fields are whole still speak about a broken sale.
Rule = tuple[frozenset[str], Callable[[Any], list[Fault]]]
RULES: tuple[Rule, ...] = (
    (frozenset({"lines"}), check_lines),
    (frozenset({"lines", "taxes", "taxes_included"}), check_taxes),
    (frozenset({"lines", "taxes", "taxes_included", "rounding", "total"}), check_total),
    (frozenset({"payments", "total"}), check_payments),
    (frozenset({"type", "total", "refers_to", "lines"}), check_kind),
    (frozenset({"currency"}), check_currency),
    (frozenset({"issued_at"}), check_moment),
)
