"""What a close says: a terminal's or a store's day as plain figures, and as canonical JSON, which is hashed. Pure.

    part        what came since the part before; part 1 is everything that had come by then. The sum of the parts is the
                day; only times and the first and last number are those of the whole day so far
    amounts     signed integers in minor units of their currency: refunds and voids are negative
    chain       a terminal's close names the hash of its close before; its own is SHA-256 over the bytes of its text. A
                store's close names the hashes of its terminals'

The JSON has its keys in the order of the fields, no blanks, and lists in the order of their keys, so that equal figures
are equal bytes (`written`, `read_content`).
"""

import hashlib
from typing import Self

import msgspec
from msgspec import Struct, structs

VERSION = 1
# Missing numbers are named as ranges; a till that loses more than this has another trouble, and they are counted.
GAPS_NAMED_MAX = 50


class TaxFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """The recaps' rows of a tax code and rate (empty where there is none), and the lines under it by their kind."""

    code: str
    rate: str
    sales_net: int = 0
    sales_tax: int = 0
    refunds_net: int = 0
    refunds_tax: int = 0
    voids_net: int = 0
    voids_tax: int = 0
    items: int = 0
    discounts: int = 0
    deposits: int = 0
    tips: int = 0
    vouchers: int = 0
    others: int = 0

    @property
    def net(self) -> int:
        """Of sales, refunds and voids together."""
        return self.sales_net + self.refunds_net + self.voids_net

    @property
    def tax(self) -> int:
        """Of sales, refunds and voids together."""
        return self.sales_tax + self.refunds_tax + self.voids_tax


class PaymentFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """What was paid in one way."""

    method: str
    payments: int
    amount: int


class CurrencyFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """The figures of one currency; taxes by code and rate, payments by method."""

    currency: str
    sales: int = 0
    refunds: int = 0
    voids: int = 0
    gross: int = 0
    refunded: int = 0
    voided: int = 0
    rounding: int = 0
    discounts: int = 0
    offline: int = 0
    late: int = 0
    first_issued_at: str = ""
    last_issued_at: str = ""
    taxes: tuple[TaxFigures, ...] = ()
    payments: tuple[PaymentFigures, ...] = ()
    # Of a terminal: the sum of all its closes so far, this one included; 0 of a store.
    grand_total: int = 0

    @property
    def total(self) -> int:
        """Sales, refunds and voids together."""
        return self.gross + self.refunded + self.voided


class Gap(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Numbers that nobody sent, both ends included."""

    first: int
    last: int


class Content(Struct, frozen=True, forbid_unknown_fields=True):
    """A close. Of a store: `terminal` 0, no number, no sequences, `terminals` names those that are in it."""

    v: int
    retailer: int
    store: int
    terminal: int
    day: str
    part: int
    closed_at: str
    # The Z number.
    number: int
    records: int
    currencies: tuple[CurrencyFigures, ...]
    first_sequence: int = 0
    last_sequence: int = 0
    # Numbers that this close found missing, each once, when the terminal's closes first came by it. Of all gaps here
    # the first GAPS_NAMED_MAX are named.
    missing: int = 0
    gaps: tuple[Gap, ...] = ()
    # Missing numbers that an earlier close named and that this day has brought since.
    filled: int = 0
    filled_gaps: tuple[Gap, ...] = ()
    # Of a terminal: what is missing still since its first close, and the numbers that its closes have come by.
    outstanding: int = 0
    outstanding_gaps: tuple[Gap, ...] = ()
    covered: Gap | None = None
    # Of a store: the terminals with something new, and the hashes of their closes.
    terminals: tuple[int, ...] = ()
    hashes: tuple[str, ...] = ()
    # Hexadecimal SHA-256 of the terminal's close before; empty in its first, and of a store.
    previous: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises msgspec.DecodeError when it is no close of this version."""
        return msgspec.json.decode(text, type=cls)


def written(content: Content) -> str:
    """Canonical JSON."""
    return msgspec.json.encode(content).decode()


def read_content(text: str) -> Content:
    """A close out of its text. Raises msgspec.DecodeError."""
    return Content.read(text)


def hash_of(text: str) -> str:
    """SHA-256 of a close's text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def added(parts: tuple[CurrencyFigures, ...]) -> tuple[CurrencyFigures, ...]:
    """The sum by currency, in the order of the currencies; grand totals are not added."""
    found: dict[str, CurrencyFigures] = {}
    for part in parts:
        known = found.get(part.currency)
        found[part.currency] = _sum(known, part) if known else structs.replace(part, grand_total=0)
    return tuple(found[currency] for currency in sorted(found))


_SUMMED = ("sales", "refunds", "voids", "gross", "refunded", "voided", "rounding", "discounts", "offline", "late")
_TAX_SUMMED = tuple(name for name in TaxFigures.__struct_fields__ if name not in {"code", "rate"})


def _sum(one: CurrencyFigures, other: CurrencyFigures) -> CurrencyFigures:
    sums = {name: getattr(one, name) + getattr(other, name) for name in _SUMMED}
    firsts = [moment for moment in (one.first_issued_at, other.first_issued_at) if moment]
    return structs.replace(
        one,
        **sums,
        first_issued_at=min(firsts, default=""),
        last_issued_at=max(one.last_issued_at, other.last_issued_at),
        taxes=_taxes(one.taxes + other.taxes),
        payments=_payments(one.payments + other.payments),
        grand_total=0,
    )


def _taxes(rows: tuple[TaxFigures, ...]) -> tuple[TaxFigures, ...]:
    found: dict[tuple[str, str], TaxFigures] = {}
    for row in rows:
        known = found.get((row.code, row.rate))
        sums = {name: getattr(known, name) + getattr(row, name) for name in _TAX_SUMMED} if known else {}
        found[row.code, row.rate] = structs.replace(row, **sums)
    return tuple(found[key] for key in sorted(found))


def _payments(rows: tuple[PaymentFigures, ...]) -> tuple[PaymentFigures, ...]:
    found: dict[str, PaymentFigures] = {}
    for row in rows:
        known = found.get(row.method)
        sums = {"payments": known.payments + row.payments, "amount": known.amount + row.amount} if known else {}
        found[row.method] = structs.replace(row, **sums)
    return tuple(found[method] for method in sorted(found))
