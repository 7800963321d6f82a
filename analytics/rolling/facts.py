"""Reads a fed sale once for all roll-ups: when and where it was, what was taken off, and which products it holds.

Days count from 2000-01-01 and moments are microseconds since then (UTC): as PostgreSQL counts, so that they are
written as they are.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from analytics.rolling.products import id_of
from receipts.receipt import LATE_AFTER
from transactions.sale import Line, Sale
from transactions.stream import SALE_TYPES

if TYPE_CHECKING:
    from ledger.feed import FedSale

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
US_PER_S = 1_000_000
S_PER_DAY = 86_400
LATE_AFTER_US = int(LATE_AFTER.total_seconds()) * US_PER_S
SALE = SALE_TYPES.index("sale")
KINDS = {name: kind for kind, name in enumerate(SALE_TYPES)}


class Facts(Struct, gc=False):
    """One sale, refund or void; `kind` as in SALE_TYPES, `day` and `hour` as written in its own offset.

    `discounts` is what was taken off in a sale, of lines and of the whole receipt; 0 in a refund or void.
    `items` are the item lines with their products' ids.
    """

    sale: Sale
    retailer: int
    store: int
    kind: int
    day: int
    hour: int
    issued_us: int
    received_us: int
    is_late: bool
    discounts: int
    items: list[tuple[int, Line]]


class _Days(dict[str, int]):
    """Days by their text; a ledger has some thousand."""

    def __missing__(self, text: str) -> int:
        return self.setdefault(text, date.fromisoformat(text).toordinal() - EPOCH_ORDINAL)


_days = _Days()


def day_of(day: int) -> date:
    """The day as a date."""
    return date.fromordinal(day + EPOCH_ORDINAL)


def moment_us(text: str) -> int:
    """An RFC 3339 time as microseconds since 2000."""
    since = datetime.fromisoformat(text) - EPOCH
    return (since.days * S_PER_DAY + since.seconds) * US_PER_S + since.microseconds


def read_facts(sales: Iterable["FedSale"]) -> list[Facts]:
    """The facts of each sale, in order."""
    found = []
    received_at, received_us = "", 0
    for fed in sales:
        sale = fed.sale
        text = sale.issued_at
        issued_us = moment_us(text)
        # Sales of a batch have one.
        if fed.received_at != received_at:
            received_at = fed.received_at
            received_us = moment_us(received_at)
        kind = KINDS[sale.type]
        items, discounts = _read_lines(fed.retailer, sale.lines)
        found.append(
            Facts(
                sale,
                fed.retailer,
                fed.store,
                kind,
                _days[text[:10]],
                int(text[11:13]),
                issued_us,
                received_us,
                received_us - issued_us > LATE_AFTER_US,
                discounts if kind == SALE else 0,
                items,
            )
        )
    return found


def _read_lines(retailer: int, lines: list[Line]) -> tuple[list[tuple[int, Line]], int]:
    """The item lines with their products, and what all lines took off."""
    items = []
    discounts = 0
    for line in lines:
        discounts += line.discount
        kind = line.kind
        if kind == "item":
            items.append((id_of(retailer, line), line))
        elif kind == "discount":
            discounts -= line.amount
    return items, discounts
