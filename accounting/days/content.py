"""What a close says: of a terminal's day (the Z report) and of the whole store's, as canonical JSON.

JSON        keys in the order of the fields below, no blanks, UTF-8; lists are ordered by their currency, code, rate or
            method, so that the same figures are always the same bytes
amounts     integers in minor units, signed: refunds and voids are negative
parts       part 1 holds what had come when the day was closed, each further one (a supplement) only what came since,
            as differences: the sum of all parts is the day
chain       a terminal's content names the hash of the terminal's close before it; its own hash is SHA-256 over its
            bytes. The store's content lists the hashes of its terminals' contents
"""

import hashlib
from dataclasses import dataclass

import msgspec

VERSION = 1
# A till that loses numbers all day has a fault that its first 50 gaps show; the rest is counted.
GAPS_NAMED_MAX = 50
# An empty previous hash begins a chain.
NO_HASH = ""


@dataclass(frozen=True, slots=True)
class Turnover:
    """Records of one type: how many, and what they come to."""

    count: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class NetTax:
    """Of the tax recaps of one type of record."""

    net: int = 0
    tax: int = 0


@dataclass(frozen=True, slots=True)
class LineKinds:
    """What lines of each kind come to, as printed: with the tax where it is included."""

    item: int = 0
    discount: int = 0
    deposit: int = 0
    tip: int = 0
    voucher: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class TaxFigures:
    """One tax code at one rate (in per cent as written; empty where there is none)."""

    code: str
    rate: str
    sales: NetTax
    refunds: NetTax
    voids: NetTax
    lines: LineKinds


@dataclass(frozen=True, slots=True)
class PaymentFigures:
    """One way of payment: how many payments, and what they come to."""

    method: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """All figures in one currency. `total` = sales + refunds + voids = the sum of the payments.

    `discounts` is what was taken off in sales, of lines and of whole receipts.
    """

    currency: str
    sales: Turnover
    refunds: Turnover
    voids: Turnover
    total: int
    rounding: int
    discounts: int
    taxes: tuple[TaxFigures, ...]
    payments: tuple[PaymentFigures, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A terminal's numbers that lack, ascending and each range with both its ends; at most GAPS_NAMED_MAX are named."""

    count: int
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class GrandTotal:
    """What a terminal took since its first close, this one included."""

    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Report:
    """The Z report of one terminal and day.

    Times and the first and last number are those of the whole day so far, also in a supplement. `missing` are numbers
    that this close found missing, `filled` those that an earlier close found missing and this day brought, and
    `outstanding` all that are missing since the terminal's first close. `covered` is the span of numbers that the
    terminal's closes have judged up to now.
    """

    version: int
    retailer: int
    store: int
    terminal: int
    day: str
    part: int
    number: int
    closed_at: str
    records: int
    offline: int
    late: int
    first_at: str
    last_at: str
    first_sequence: int
    last_sequence: int
    currencies: tuple[CurrencyFigures, ...]
    missing: Numbers
    filled: Numbers
    outstanding: Numbers
    covered: tuple[int, int]
    grand_totals: tuple[GrandTotal, ...]
    previous: str


@dataclass(frozen=True, slots=True)
class TerminalHash:
    """Which Z report of a terminal is in a store's close."""

    terminal: int
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Content:
    """The close of a store's day: its terminals' figures added up."""

    version: int
    retailer: int
    store: int
    day: str
    part: int
    closed_at: str
    records: int
    offline: int
    late: int
    first_at: str
    last_at: str
    currencies: tuple[CurrencyFigures, ...]
    missing: int
    filled: int
    terminals: tuple[TerminalHash, ...]


class UnreadableContentError(ValueError):
    """A content is not what this module writes."""


_encoder = msgspec.json.Encoder()
_content = msgspec.json.Decoder(Content)
_report = msgspec.json.Decoder(Report)


def write(content: Content | Report) -> str:
    """The canonical JSON."""
    return _encoder.encode(content).decode()


def read_content(text: str) -> Content:
    """A store's close. Raises UnreadableContentError."""
    try:
        return _content.decode(text)
    except msgspec.DecodeError as fault:
        raise UnreadableContentError(str(fault)) from fault


def read_report(text: str) -> Report:
    """A terminal's Z report. Raises UnreadableContentError."""
    try:
        return _report.decode(text)
    except msgspec.DecodeError as fault:
        raise UnreadableContentError(str(fault)) from fault


def hash_of(text: str) -> str:
    """SHA-256 of a content's bytes, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
