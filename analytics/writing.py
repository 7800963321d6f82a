"""Writes sales' own rows in binary COPY form."""

import struct
from collections.abc import Iterable

from analytics.rolling.receipts import SaleValues
from ledger.sums import Cursor
from possys.arrays import INTEGERS

COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
# The fields of a sale's row, each behind its length, up to the currency, and from the total up to the products: their
# length, then one dimension, no nulls, bigint, how many, from 1.
SALE_HEAD = struct.Struct(">h iq ii ii iq ih ih i3s".replace(" ", ""))
SALE_TAIL = struct.Struct(">iq iq ih ih i? i iiIii".replace(" ", ""))
ARRAY_HEAD_BYTES = 20
ELEMENT_BYTES = 12
BIGINT = INTEGERS["bigint"][0]
LENGTH_8 = struct.pack(">i", 8)


def copy_sales(cursor: Cursor, rows: Iterable[SaleValues]) -> None:
    """Writes sales' own rows. Raises UniqueViolation when one is there already."""
    columns = ", ".join(f'"{name}"' for name in SaleValues._fields)
    with cursor.copy(f"COPY analytics_salerow ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.write(COPY_HEAD + b"".join([sale_row(row) for row in rows]) + COPY_END)


def sale_row(row: SaleValues) -> bytes:
    """One sale in binary COPY form."""
    identity, store, day, issued_at, hour, kind, currency, total, discounts, lines, methods, is_late, products = row
    count = len(products)
    head = SALE_HEAD.pack(
        13, 8, identity, 4, store, 4, day, 8, issued_at, 2, hour, 2, kind, 3, currency.encode()
    )  # fmt: skip
    dimensions = 1 if count else 0
    size = ARRAY_HEAD_BYTES + ELEMENT_BYTES * count if count else 12
    tail = SALE_TAIL.pack(
        8, total, 8, discounts, 2, lines, 2, methods, 1, is_late, size, dimensions, 0, BIGINT, count, 1
    )  # fmt: skip
    if not count:
        return head + tail[:-8]
    elements = b"".join([LENGTH_8 + product.to_bytes(8) for product in products])
    return head + tail + elements
